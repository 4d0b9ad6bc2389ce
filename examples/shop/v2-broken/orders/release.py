VERSION = "v2-broken"
