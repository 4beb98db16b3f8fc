"""Jobs at the services: started, followed, shown, and taken up again after a restart."""
