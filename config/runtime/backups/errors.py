"""What can go wrong with a backup."""


class BackupError(RuntimeError):
    """It cannot be done here; the message is a sentence that says what to do. Nothing was left half done unless it says so."""
