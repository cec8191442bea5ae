"""A node for clusters without containers: it runs envproxy's pods as processes and leads browsers to them."""
