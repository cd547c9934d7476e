"""placeholder"""
def configure(options): pass
