"""What starts baogao every night and asks whether it was any use: units for three schedulers, a container's check."""
