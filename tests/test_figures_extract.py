"""What the grammar reads as a figure. All sentences are invented."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.figures.extract import extract_figures

# text | value unit, value unit, …
CHINESE = """
2024年中国露营装备市场规模为236.4亿元,同比增长12.7%。 | 23640000000 CNY, 12.7 %
全国共有茶叶合作社1,284家，覆盖农户３５．６万户。 | 1284 companies, 356000 households
网络零售额达 3.05 万亿元，占比 27.6％。 | 3050000000000 CNY, 27.6 %
项目总投资1 250 亿元。 | 125000000000 CNY
门店数量突破3，500家。 | 3500 companies
超三成受访者愿意尝试,六成五的用户表示满意。 | 30 %, 65 %
近八成消费者关注成分，两成以上看重包装。 | 80 %, 20 %
其中百分之三十七点五来自县域市场。 | 37.5 %
不良率为千分之三,投诉率为万分之五,死亡率为2‰。 | 0.3 %, 0.05 %, 0.2 %
四分之三的门店位于华东，三分之一的员工是兼职。 | 75 %, 1 thirds
超过一半的用户每周使用。 | 50 %
该平台拥有一千二百万会员。 | 12000000 persons
年收入两百亿元，净利润九点五亿元。 | 20000000000 CNY, 950000000 CNY
两万五千家门店分布在三百个城市。 | 25000 stores, 300 cities
近万家企业参与其中。 | 10000 companies
市场规模超千亿元。 | 100000000000 CNY
销量增长2.3倍，出口翻了一番。 | 2.3 times, 2 times
渗透率提升3.2个百分点,融资成本下降25个基点。 | 3.2 pp, 25 bps
人均消费68元/人。 | 68 CNY
套餐售价每月19.9元起。 | 19.9 CNY
客流量达1.8亿人次。 | 180000000 visits
人民币35亿元的基金与3.2亿美元的贷款。 | 3500000000 CNY, 320000000 USD
募资6,500万港元、800万欧元、12亿日元和300万英镑。 | 65000000 HKD, 8000000 EUR, 1200000000 JPY, 3000000 GBP
韩国市场约为4.1万亿韩元。 | 4100000000000 KRW
估值US$12亿，其中¥3000万来自员工。 | 1200000000 USD, 30000000 CNY
新增装机3500万千瓦，储能达到46.8GWh，用电量1.2亿千瓦时。 | 35000000 kW, 46.8 GWh, 120000000 kWh
平均每天使用3.2小时，其中40分钟看短视频。 | 3.2 hours, 40 minutes
质保期为5年，交付周期约45天，试用3个月。 | 5 years, 45 days, 3 months
22—40岁的用户占71.3%。 | 22 years old, 40 years old, 71.3 %
日均售出420杯，好评4.8分。 | 420 cups, 4.8 points
发行联名卡120万张，完成交易3.6亿笔。 | 1200000 items, 360000000 transactions
车辆保有量达3140万辆，手机出货2800万部，机器人1.2万台。 | 31400000 vehicles, 28000000 items, 12000 units
产量为56万吨，仓储120万平方米，里程9800公里。 | 560000 tonnes, 1200000 square metres, 9800 kilometres
价格集中在20~30亿元。 | 2000000000 CNY, 3000000000 CNY
规模预计在1.2万亿至1.5万亿元之间。 | 1200000000000 CNY, 1500000000000 CNY
占比约为45%-50%，另有20-30%未作答。 | 45 %, 50 %, 20 %, 30 %
成本是同行的5-6倍。 | 5 times, 6 times
客单价从300元到2万元不等。 | 300 CNY, 20000 CNY
月薪5000—1万元的岗位最多。 | 5000 CNY, 10000 CNY
融资5个亿，估值两个亿元，3个千亿级集群和6个亿元项目开工。 | 500000000 items, 200000000 CNY, 3 items, 6 projects
夜间气温为零下18摄氏度，室内18℃。 | -18 degrees, 18 degrees
净利润为-3.2亿元，毛利率−4.5%。 | -320000000 CNY, -4.5 %
客单价下降3.5%。 | 3.5 %
同比负增长，增速为负2.1%。 | -2.1 %
三地规模分别为12.1、15.3、18.6亿元。 | 1210000000 CNY, 1530000000 CNY, 1860000000 CNY
投资额1亿2000万元，占地3万5千平方米。 | 120000000 CNY, 35000 square metres
带动就业300多万人，培育龙头20余家。 | 3000000 persons, 20 companies
网民规模达11.08亿。 | 1108000000 persons
景气指数为56.8。 | 56.8 points
样本量达到378,000。 | 378000 items
3家企业合计占比63.2%。 | 3 companies, 63.2 %
注册资本从0.5亿到1.2亿元。 | 50000000 CNY, 120000000 CNY
年轻人中有7成选择租房，3成5选择合租。 | 70 %, 35 %
每平方米均价1.2万元。 | 12000 CNY
新建充电桩1.5万个，涉及29个省份。 | 15000 items, 29 provinces
融资17起,总额9.8亿元。 | 17 items, 980000000 CNY
全球市场为1,530.7亿美元（2024年），约合人民币1.1万亿元。 | 153070000000 USD, 1100000000000 CNY
2024年,2.4亿人参与线上健身,较2023年增加1800万人。 | 240000000 persons, 18000000 persons
GMV3500亿元。 | 350000000000 CNY
15元以下的占31.2%，15至25元占44.0%。 | 15 CNY, 31.2 %, 15 CNY, 25 CNY, 44.0 %
两家公司合并后员工达十二万人。 | 2 companies, 120000 persons
平均客单价为28.5块钱。 | 28.5 CNY
出口量同比减少一成。 | 10 %
回收率高达99.99%，误差小于0.05毫米。 | 99.99 %, 0.05 millimetres
芯片采用7纳米工艺，算力达1200EFLOPS。 | 7 nm, 1200 EFLOPS
有3.5亿在线音乐用户。 | 350000000 persons
总用户数约为2.1亿，付费率为8.9%。 | 210000000 persons, 8.9 %
冷库容量2.5亿立方米，冷藏车46.8万辆。 | 250000000 cubic metres, 468000 vehicles
研发投入占营收的12.5％～15％。 | 12.5 %, 15 %
日活突破8000万，月活达2.3亿。 | 80000000 items, 230000000 items
人均拥有2.6台，户均消费4,280.5元。 | 2.6 units, 4280.5 CNY
五十六万名学生参加，覆盖一百二十所高校。 | 560000 persons, 120 schools
资产总额为十二点六万亿元。 | 12600000000000 CNY
其中45.2%选择“省时”,38.6%选择“省钱”。 | 45.2 %, 38.6 %
新增门店1000+家,会员超500W。 | 1000 companies, 5000000 persons
銷售額達3.5億元,用戶約兩百萬人。 | 350000000 CNY, 2000000 persons
综合评分达到了4.85(满分5分)。 | 4.85 points, 5 points
三至五成用户、五到六成企业。 | 30 %, 50 %, 50 %, 60 %
百分之三十到四十的门店,两到三倍的增幅。 | 30 %, 40 %, 2 times, 3 times
分别为12、15和18亿元。 | 1200000000 CNY, 1500000000 CNY, 1800000000 CNY
单笔金额不超过500元，年化利率至少3.65%。 | 500 CNY, 3.65 %
""".strip().splitlines()

CHINESE_NOTHING = """
2024年至2026年是关键期，2025年3月15日发布。
2021-2026年行业呈上升趋势，1-6月表现平稳。
《2025年中国30城1000户家庭调查报告》正式发布。
一带一路、双十一与618带动消费，5G和Web3.0加速落地。
95后和Z世代是主力，90后紧随其后。
排名第二，位列前三，入选TOP10与世界500强。
通过ISO 9001认证，COVID-19之后恢复。
数十亿元资金、几百家企业、上千人参与，十几万用户受益。
客服电话400-888-1234，联系人工号10086。
十四五以来，一线城市与三农领域齐头并进，统一部署，一方面提升效率。
前5名企业与第3届大会，Q3与H1，A股与H股。
未来五年，近三年来，过去十年。
千亿级市场与万亿赛道值得期待。
版本2.0发布，进入3.0时代。
每3名游客中就有1人自驾，24小时便利店和24小时在线客服随处可见。
三四百家，七八个，两三成。
""".strip().splitlines()

ENGLISH = """
In 2024, China's camping gear market reached 23.64 billion yuan, up 12.7% year on year. | 23640000000 CNY, 12.7 %
It is expected to grow to RMB 30 billion by 2027. | 30000000000 CNY
Revenue was ¥3.2bn, against US$450m and HK$1.2 billion. | 3200000000 CNY, 450000000 USD, 1200000000 HKD
The fund raised €85 million, £8.4 million and 12 billion Japanese yen. | 85000000 EUR, 8400000 GBP, 12000000000 JPY
Korea's market is worth 4.1 trillion won. | 4100000000000 KRW
CNY12bn was invested in 2023. | 12000000000 CNY
The output equals 8973.5 hundred million yuan. | 897350000000 CNY
Between 20 and 30 million USD was spent. | 20000000 USD, 30000000 USD
Some 20-30% of buyers and 45 to 50 percent of sellers agreed. | 20 %, 30 %, 45 %, 50 %
Shares of 45%-50% are common. | 45 %, 50 %
Penetration rose by 3.2 percentage points while costs fell 25 basis points. | 3.2 pp, 25 bps
It has over 40,000 people and 1,200 brands. | 40000 persons, 1200 brands
Sales were 1.2 times those of 2020, and exports grew 3x. | 1.2 times, 3 times
Demand grew threefold and output doubled. | 3 times, 2 times
Half of the users and one third of the sellers stayed; two-thirds of shops opened. | 50 %, 1 thirds, 2 thirds
Three quarters of stores are in the east. | 75 %
Twelve million people took part. | 12000000 persons
One hundred and twenty hospitals joined. | 120 hospitals
Twenty-five percent said so. | 25 %
Net profit was -3.2 billion yuan and the margin −4.5 %. | -3200000000 CNY, -4.5 %
Prices fell by 3.5 per cent. | 3.5 %
The regions had 12.1, 15.3 and 18.6 billion yuan respectively. | 12100000000 CNY, 15300000000 CNY, 18600000000 CNY
Deals are worth $20-30 million. | 20000000 USD, 30000000 USD
Deals range from $20 million to $30 million. | 20000000 USD, 30000000 USD
The market will be between 1.2 trillion and 1.5 trillion yuan. | 1200000000000 CNY, 1500000000000 CNY
Users aged 22-40 accounted for 71.3%. | 22 years old, 40 years old, 71.3 %
People spend an average of 3.2 hours a day, 40 minutes of it on video. | 3.2 hours, 40 minutes
The warranty lasts 5 years, delivery takes 45 days. | 5 years, 45 days
Storage capacity hit 46.8 GWh and warehouses cover 1.2 million square metres. | 46.8 GWh, 1200000 square metres
Output was 560,000 tons over 9,800 km. | 560000 tonnes, 9800 kilometres
About 420 cups are sold per day, rated 4.8 points. | 420 cups, 4.8 points
The index stood at 56.8. | 56.8 points
The sample reached 378,000. | 378000 items
The number of users reached 520 million. | 520000000 persons
There were 31.4 million vehicles and 2,360 merchants. | 31400000 vehicles, 2360 merchants
It operated 3,500 stores in 29 provinces. | 3500 stores, 29 provinces
180 million domestic and foreign tourists arrived. | 180000000 persons
Users placed orders 2.3 times per month. | 2.3 occurrences
The penetration rate was 104.2 per 100 people. | 104.2 items
Exports were worth 19 billion US dollars, or 135 billion yuan. | 19000000000 USD, 135000000000 CNY
A loan of 180 billion baht and 42 million Swiss francs. | 180000000000 THB, 42000000 CHF
Sixty percent of firms plan to hire. | 60 %
More than half of respondents agreed. | 50 %
The survey covered 2,024 respondents. | 2024 persons
We surveyed 2000 consumers in 2024. | 2000 persons
With 2.34 million charging points it ranks first. | 2340000 items
It sold 85k machines. | 85000 machines
The top 10 brands held 63.2% of the market. | 63.2 %
A 2.5-fold increase is possible. | 2.5 times
A 12-billion-yuan fund was set up. | 12000000000 CNY
Users spent 68 yuan each time and 1,204.5 yuan a year. | 68 CNY, 1204.5 CNY
A year-on-year increase of 18.6 percent was seen. | 18.6 %
The rate rose from 30% in 2020 to 35% in 2024. | 30 %, 35 %
It grew from 300 million yuan to 1.2 billion yuan. | 300000000 CNY, 1200000000 CNY
Active users grew by 6.3% to 510 million. | 6.3 %, 510000000 items
Sales hit $1.5 billion, of which 40% came online. | 1500000000 USD, 40 %
Installed capacity was 35 GW. | 35 GW
The company has 1.2 million employees. | 1200000 persons
A total of 17 deals raised 980 million yuan. | 17 deals, 980000000 CNY
Consumers over 45 made up 12.5%. | 45 years old, 12.5 %
Spending was 3,000 yuan or more for 8.9% of households. | 3000 CNY, 8.9 %
Yields reached 99.99% with errors below 0.05 mm. | 99.99 %, 0.05 millimetres
Prices were USD 1.2 per kg, or 8.5 RMB. | 1.2 USD, 8.5 CNY
It paid 5 million dollars to 12 companies. | 5000000 USD, 12 companies
Its GMV was RMB1.2 trillion in 2024. | 1200000000000 CNY
The rent is ￥2，500 a month. | 2500 CNY
The market amounted to 153.07 billion U.S. dollars. | 153070000000 USD
An estimated 400 million people cook at home. | 400000000 persons
Only 8.7% intend to leave; 33.1 % will stay. | 8.7 %, 33.1 %
The two companies employ 120,000 workers. | 2 companies, 120000 persons
One thousand and fifty shops and two hundred and eight hospitals opened. | 1050 stores, 208 hospitals
Two million one hundred thousand visitors came. | 2100000 persons
The deal is worth 4.5 billion (in yuan). | 4500000000 CNY
Thirty to fifty percent of users and five to ten percent of firms agreed. | 30 %, 50 %, 5 %, 10 %
Exports rose two to three times. | 2 times, 3 times
The app was downloaded 12 million times on 10-year loans. | 12000000 occurrences
Output climbed 15% to 3.2 million units. | 15 %, 3200000 units
The tent market is worth CNY 1.5 trillion (US$ 210 billion). | 1500000000000 CNY, 210000000000 USD
It is RMB 3 billion (USD 0.4 billion) or 5 billion (in yuan). | 3000000000 CNY, 400000000 USD, 5000000000 CNY
Growth slowed to minus 0.5 percent after negative 2.4%. | -0.5 %, -2.4 %
Profit was minus 320 million yuan. | -320000000 CNY
Campers aged 18-24, 25-34 and over. | 18 years old, 24 years old, 25 years old, 34 years old
Half a million people paid half a billion yuan. | 500000 persons, 500000000 CNY
In the sample, 4.7% are under 18. | 4.7 %, 18 years old
There were 87 deals, 21 fewer than a year earlier. | 87 deals, 21 items
The index hit 53.2 in March. | 53.2 points
""".strip().splitlines()

ENGLISH_NOTHING = """
In 2024 the industry matured, and by 2026 it may change again.
The plan from 2021 to 2026 was published on March 15, 2025 and revised on 3 June.
The "2025 China 30-City Survey Report of 1,000 Households" was released.
The 2025 China Coffee Industry Report was published.
The Belt and Road Initiative, 5G, Web 3.0 and Industry 4.0 are hot topics.
It ranked 2nd in the Top 10 and joined the Fortune 500.
Post-90s consumers and Gen Z shop on Double 11 and at the 618 festival.
COVID-19 and ISO 9001 changed the process.
Tens of billions were invested by hundreds of firms and several million sellers.
The first half of the year and Q3 were strong.
The 14th Five-Year Plan set goals for the next five years.
Wi-Fi 6 routers and 4K televisions are popular.
Call 400-888-1234 for version 2.0 of the app.
A third party checked it in the 21st century, in the 1990s and 24/7.
First-tier cities and one-stop services doubled down on quality.
A 24-hour convenience store is open 24 hours a day.
""".strip().splitlines()


def read(text, language):
    return ", ".join(f"{figure.value} {figure.unit}" for figure in extract_figures(text, language))


def split(row):
    text, _, figures = row.rpartition(" |")
    wanted = [part.strip().partition(" ") for part in figures.split(",") if part.strip()]
    return text, ", ".join(f"{plain(value)} {unit}" for value, _, unit in wanted)


def plain(value):
    value = Decimal(value)
    return value.to_integral_value() if value == value.to_integral_value() else value.normalize()


@pytest.mark.parametrize("row", CHINESE)
def test_chinese(row):
    text, wanted = split(row)
    assert read(text, "zh") == wanted


@pytest.mark.parametrize("text", CHINESE_NOTHING)
def test_chinese_without_figures(text):
    assert read(text, "zh") == ""


@pytest.mark.parametrize("row", ENGLISH)
def test_english(row):
    text, wanted = split(row)
    assert read(text, "en") == wanted


@pytest.mark.parametrize("text", ENGLISH_NOTHING)
def test_english_without_figures(text):
    assert read(text, "en") == ""


# text | what | the attribute of each figure
CHINESE_ATTRIBUTES = """
2024年规模为12亿元,预计2027年达到15亿元。 | year | 2024, 2027
2024年规模为12亿元;占比为30%。 | year | 2024, 2024
规模为12亿元。2024年占比为30%。 | year | None, 2024
《2025年帐篷行业报告》显示,占比为30%。 | year | None
2024年,规模较2023年增长12%。 | year | 2024
规模由2022年的3亿元增至2024年的5亿元。 | year | 2022, 2024
2019年至2023年,床位由43万张增至51万张。 | year | 2019, 2023
2021-2026年复合增长率为12%。 | year | None
2020年、2022年和2024年的规模分别为10亿元、15亿元和21亿元。 | year | 2020, 2022, 2024
二〇二四年规模为12亿元。 | year | 2024
规模达12亿元(2024年)。 | year | 2024
2024年规模为12亿元,预计2027年达到15亿元。 | forecast | False, True
预计规模将达12亿元;用户为3亿人。 | forecast | True, False
预计2030年将达到935亿元,而2024年仅为339亿元。 | forecast | True, False
规模为12亿元,未来将继续增长。 | forecast | False
业绩好于预期,达3.5亿元。 | forecast | False
到2030年有望突破3万亿元。 | forecast | True
规模将超过12亿元。 | forecast | True
用户超过3亿人,近四成为女性,约12%是新客。 | qualifier | over, nearly, about
不少于3家,不超过5%,不足8%,至少9%。 | qualifier | at least, at most, under, at least
月入5000元以上、60岁及以上、10万元左右。 | qualifier | at least, at least, about
300多家企业,20余个项目。 | qualifier | over, over
规模为12亿元,同比增长12%,占全球的30%。 | role | level, change, share
占比提升2个百分点至31.7%,销量是去年的1.5倍。 | role | change, share, ratio
收入突破30000元大关。 | role | threshold
30岁以下的占12%。 | role | threshold, share
以37.2%的占比位列第二。 | role | share
增速分别为11.5%和25.2%。 | role | change, change
保持15%以上的增长。 | role | change
下降至12%。 | role | share
占比由18.6%提升到22.4%,增速由5.3%回落至3.1%。 | role | share, share, change, change
有4.1万家企业。 | role | count
22-40岁的用户最多。 | role | threshold, threshold
2024年中国帐篷市场规模为12亿元。 | measure | 中国帐篷市场规模
其中“价格”占比为30%。 | measure | 价格
46.3%的用户认为价格合理。 | measure | 用户认为价格合理
帐篷销量为3万顶,睡袋销量达5万件。 | measure | 睡袋销量
帐篷销量为3万顶。近七成五的家长支持露营。 | measure | 家长支持露营
最看重的是防雨,其次为服务周到（33.07%）。 | measure | 服务周到
帐篷市场规模为12亿元（约合1.7亿美元）。 | measure | 帐篷市场规模
""".strip().splitlines()

ENGLISH_ATTRIBUTES = """
In 2024 the market was 1.2 billion yuan and it will reach 1.5 billion yuan by 2027. | year | 2024, 2027
The market was 1.2 billion yuan in 2024. | year | 2024
The market was 1.2 billion yuan. In 2024, 30% agreed. | year | None, 2024
In 2024, sales rose 12% from 2023. | year | 2024
It grew from 3 billion yuan in 2022 to 5 billion yuan in 2024. | year | 2022, 2024
The "2025 Tent Survey Report" shows a share of 30%. | year | None
The CAGR from 2021 to 2026 is 12%. | year | None
Of users in 2025, 54.5% chose price. The second is quality, with 53.7%. | year | 2025, 2025
In 2020, 2022 and 2024 it was 1 billion, 1.5 billion and 2.1 billion yuan respectively. | year | 2020, 2022, 2024
A total of 25 billion yuan is forecast for 2028. | year | 2028
Sales were 3 billion yuan and 4 billion yuan in 2022 and 2023, respectively. | year | 2022, 2023
There were 1 million, 2 million and 3 million people in 2021, 2022 and 2023 respectively. | year | 2021, 2022, 2023
The stock was 3 million at the end of 2024 and 4 million in March 2025. | year | 2024, 2025
It was 3% in Q3 2023, 4% as of June 30, 2024 and 5% in the first half of 2025. | year | 2023, 2024, 2025
It is projected to hit 3% by 2028. | forecast | True
It grows at a CAGR of 9.8% until then. | role | change
The market is expected to reach 12 billion yuan. | forecast | True
It was 12 billion yuan and will continue to grow. | forecast | False
It is expected to reach 3% in 2030, while it was 2% in 2024. | forecast | True, False
It is projected to grow to 3%; the other stood at 2%. | forecast | True, False
30% of users will buy tents. | forecast | False
A total of 25 billion yuan is forecast for 2028. | forecast | True
An estimated 400 million people cook. | forecast | False
By 2030 it is expected to reach 9 billion yuan, compared with 3 billion yuan in 2024. | forecast | True, False
Over 3 million users, nearly 40% women, about 12% new. | qualifier | over, nearly, about
At least 3%, no more than 5%, less than 8%, up to 9%. | qualifier | at least, at most, under, at most
The market was 12 billion yuan, up 12%, or 30% of the world. | role | level, change, share
It rose by 2 percentage points to 31.7%, 1.5 times as much. | role | change, share, ratio
A year-on-year increase of 12% was seen. | role | change
It saw 12% growth. | role | change
The decline narrowed to 12%, and its price narrowed to 5 yuan. | role | change, level
Growth of about 10% is expected over the next 5 years. | forecast | True
A share of 10% is expected to rise. | forecast | False
It will grow at a compound annual growth rate (CAGR) of 13.4 percent. | role | change
The share rose to 12%. | role | share
Those aged 22 to 40 made up 67.9%. | role | threshold, threshold, share
It ranked second with a proportion of 37.2%. | role | share
There are 41,000 companies. | role | count
The market size of tents was 12 billion yuan. | measure | market size of tents
There are 40,000 online campers in the region. | measure | online campers in the region
The tent market is worth 3 yuan. Two thirds of the stores are in towns. | measure | stores are in towns
Data of the institute shows that the market size of tents was 12 billion yuan. | measure | market size of tents
""".strip().splitlines()


@pytest.mark.parametrize(
    ("language", "row"), [("zh", row) for row in CHINESE_ATTRIBUTES] + [("en", row) for row in ENGLISH_ATTRIBUTES]
)
def test_attributes(language, row):
    text, what, wanted = row.split(" | ")
    figures = [figure for figure in extract_figures(text, language) if what != "measure"]
    figures = figures or extract_figures(text, language)[-1:]
    assert ", ".join(str(getattr(figure, what)) for figure in figures) == wanted


def test_number_and_scale_are_apart_and_exact():
    (figure,) = extract_figures("规模为2718.40亿元", "zh")
    assert (figure.number, figure.scale) == (Decimal("2718.40"), Decimal(100_000_000))
    assert str(figure.value) == "271840000000"
    (figure,) = extract_figures("The share is 0.10%", "en")
    assert str(figure.value) == "0.1"


PIECES = st.sampled_from(
    [
        *"0123456789.,，%％-—~至到万亿千百十一二两三点半成倍个元美家人年月日岁分之约近超",
        *"多余几数第前后双翻《》“”\"'()（） \n;。",
        *(
            "２",
            "０２４",
            "2024年",
            "百分之",
            "billion",
            "million",
            " yuan",
            "RMB",
            "US$",
            "$",
            "half",
            "two",
            "a ",
            "one ",
            "and ",
        ),
        *(
            "hundred",
            "percent",
            "percentage points",
            " in 2024",
            "to ",
            "between ",
            "times",
            "aged ",
            "users",
            "\0",
            "😀",
            "\ud800",
        ),
    ]
)
TEXTS = st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=400)
@given(TEXTS, st.sampled_from(["zh", "en"]))
def test_any_text(text, language):
    figures = extract_figures(text, language)
    assert figures == extract_figures(text, language)
    end = 0
    for figure in figures:
        assert figure.start >= end
        assert figure.end > figure.start
        assert text[figure.start : figure.end] == figure.raw
        assert figure.value == figure.number * figure.scale
        assert figure.unit
        end = figure.end


HOSTILE = (
    *(
        "1",
        "1%",
        "1,111,",
        "1 111 ",
        "2024",
        "in 2024 ",
        "增至",
        "增至1%",
        "一",
        "一点",
        "百分之",
        "千万亿",
        "第",
        "《",
        '"',
        "“",
    ),
    *(
        "20-",
        "20~30亿元",
        "one ",
        "twenty-",
        "million ",
        "1/2 of ",
        "$1",
        "grew by ",
        "will be 3% ",
        "较2023年增长1%,",
        "12/",
    ),
    *(
        "1. ",
        "12.1, 15.3 and ",
        "The 2025 A B C D ",
        "((",
        "https://",
        "1 a b c d e f users",
        "2024年分别1%、",
        "in 2024 1% and 2% respectively ",
    ),
)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_a_second(piece, language):
    text = (piece * (200_000 // len(piece) + 1))[:200_000]
    started = time.process_time()
    extract_figures(text, language)
    assert time.process_time() - started < 2
