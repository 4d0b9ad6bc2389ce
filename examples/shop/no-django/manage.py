print("this image has no Django")
