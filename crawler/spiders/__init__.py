"""``scrapy list`` looks for spiders here."""
