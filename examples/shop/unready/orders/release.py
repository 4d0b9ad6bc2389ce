VERSION = "unready"
