"""What the spine is measured against."""
