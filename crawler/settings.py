"""Every setting that differs from Scrapy 2.19's default, with that default and the reason."""

BOT_NAME = "baogao"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"

# --- Who asks, how often -------------------------------------------------------------------------------------------

#: default "Scrapy/VERSION (+https://scrapy.org)"; the same words as archive.config.DEFAULT_USER_AGENT (tested), which
#: `python -m crawler` replaces by what baogao.toml says
USER_AGENT = "baogao/0.1 (report archive; contact: none)"
ROBOTSTXT_OBEY = True  # default False
DOWNLOAD_DELAY = 2.0  # default 0; crawler.pace keeps it, and raises it where robots.txt has a Crawl-delay
DOWNLOAD_DELAY_JITTER = 0  # default 0.5, which lets half the promised pause pass for the whole
DOWNLOAD_SLOTS = {"paced": {"concurrency": 64, "delay": 0, "jitter": 0}}  # crawler.pace: not a second wait
CONCURRENT_REQUESTS = 64  # default 16; one a host, and of hosts as many as max_concurrent_hosts: see crawler.turns
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8

#: default 2; the waits between are crawler.retry's: Scrapy has none
RETRY_TIMES = 2
BAOGAO_RETRY_PAUSE = 1.0  # ours: seconds before the first repetition, doubled for each further one
BAOGAO_PATIENCE = 60.0  # ours: the longest Retry-After or Crawl-delay that is kept; a longer one ends the walk
BAOGAO_PATIENCE_TOTAL = 120.0  # ours: all waits for one host's Retry-After in a night together
BAOGAO_OUTAGE = 60.0  # ours: seconds without an answer before the rest of a host's listings is left: crawler.outages

# --- What is asked and what is taken -------------------------------------------------------------------------------

DEFAULT_REQUEST_HEADERS = {
    # default longer by 40 bytes that say nothing more; each is archived with every request of every night
    "Accept": "text/html,*/*;q=0.5",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8",  # default "en", which may change a bilingual page
    "Accept-Encoding": "gzip, deflate",  # default adds br and zstd, which a reader of our WARCs may not have
}
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024  # default 1 GiB; a listing page has 60 KB. Counts the decoded body too
DOWNLOAD_WARNSIZE = 0  # default 32 MiB, which can't be reached
DOWNLOAD_TIMEOUT = 30  # default 180; for the whole body, not for one read
DOWNLOAD_VERIFY_CERTIFICATES = True  # default False
REDIRECT_MAX_TIMES = 5  # default 20; RFC 9309 wants at least five for robots.txt
METAREFRESH_ENABLED = False  # default True; a page that sends a browser elsewhere is read as what it is
COOKIES_ENABLED = False  # default True, which fetches the public suffix list from third parties, blocking
HTTPPROXY_ENABLED = False  # default True: http_proxy in the environment would decide which addresses are reached
REFERRER_POLICY = "no-referrer"  # default scrapy-default
HTTPCACHE_ENABLED = False  # the default, said aloud: a night shows what the site shows tonight
DOWNLOAD_HANDLERS = {
    "http": "crawler.download.DownloadHandler",
    "https": "crawler.download.DownloadHandler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),  # default: all on
}
TWISTED_DNS_RESOLVER = "crawler.guard.GuardedResolver"  # default CachingThreadedResolver

DOWNLOADER_MIDDLEWARES = {
    # Scrapy's own that are replaced or have no work here (loading them costs start-up)
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # lets every dont_filter request pass
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # reads a 503 as "allowed"
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # no pause, no Retry-After
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,  # ours is the same, and says why it stops
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
    # ours; crawler/__init__.py says what each is for
    "crawler.guard.UrlGuard": 50,  # before robots.txt is asked of a host that must not be asked at all
    "crawler.robots.RobotsMiddleware": 100,
    "crawler.retry.RetryMiddleware": 550,
    "crawler.redirect.RedirectMiddleware": 600,
    "crawler.recording.RecordingMiddleware": 900,  # below 600: sees redirects
    "crawler.pace.PaceMiddleware": 950,  # last: nothing may come between the pause and the request
    "crawler.guard.AddressGuard": 980,
}
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,  # the spider judges every status itself
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,  # page 500 is 500 deep
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,  # would drop a page without a word
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}

# --- The process ---------------------------------------------------------------------------------------------------

EXTENSIONS = {
    "crawler.night.NightKeeper": 0,
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.memdebug.MemoryDebugger": None,
    "scrapy.extensions.spiderstate.SpiderState": None,  # JOBDIR loses everything in a kill -9
    "scrapy.extensions.throttle.AutoThrottle": None,
}
TELNETCONSOLE_ENABLED = False  # default on: a shell into this process
REMOTE_CONTROL_ENABLED = False  # default on: an HTTP server that runs the Python it is sent
LOG_LEVEL = "INFO"  # default DEBUG
FEED_EXPORT_ENCODING = "utf-8"  # default escapes everything that is not ASCII in JSON
BAOGAO_DATA = None  # ours: where `scrapy crawl` archives; None: $BAOGAO_DATA, else ./data
BAOGAO_CLOCK = "crawler.clock.read_clock"  # ours: what tells the time
BAOGAO_TIMER = "time.monotonic"  # ours: what a budget is counted by
BAOGAO_FIRST_PAGES = False  # ours: True ends every walk behind page 1, which is not read a second time (`baogao check`)
