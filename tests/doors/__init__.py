"""Every door of Purser: which address answers whom, with what, and what may be seen behind it. See docs/doors.md."""
