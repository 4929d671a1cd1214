"""What keeps the house standing: the doctor, whether it is ready, its figures for monitoring, its logs."""
