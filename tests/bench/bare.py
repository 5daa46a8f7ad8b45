"""The peer of ``baogao crawl``: what a Scrapy user writes first for this listing, with Scrapy's own settings.

It knows the site's classes, keeps nothing but the items, and proves nothing about the end.
"""

import scrapy


class Bare(scrapy.Spider):
    name = "bare"

    def __init__(self, url, **kwargs):
        super().__init__(**kwargs)
        self.start_urls = [url]

    def parse(self, response):
        for card in response.css("li.item"):
            yield {
                "title": card.css("h3 a::text").get(),
                "url": response.urljoin(card.css("h3 a::attr(href)").get()),
                "brands": card.css("p.brands::text").get(),
                "texts": card.css(".txt > p:not(.brands)::text").getall(),
                "date": card.css(".date::text").get(),
            }
        following = response.css(".pagination .active + li a::attr(href)").get()
        if following:
            yield response.follow(following)
