"""Every call of a service goes through here: may it be paid, how did it go, what did it cost."""
