"""Operations: sends on what was left lying, puts parked messages back, and says whether a day adds up."""
