"""What a page draws besides its first picture, so that the page's own script stays short."""
