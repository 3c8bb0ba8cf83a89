"""A simulation over more persons than one machine decides in time: an Apache Beam pipeline, here or on Dataflow."""
