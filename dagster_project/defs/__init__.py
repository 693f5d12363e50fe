"""The wiring: a file per source or stage, its assets, checks, schedules and sensors. The work is in lib/."""
