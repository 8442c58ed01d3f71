"""What people say to alerts: answers, mutes and acknowledgements; and how alerts are read and listed."""
