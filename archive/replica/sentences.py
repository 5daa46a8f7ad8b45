"""The invented sentences, by what they do in a summary. Each stands in Chinese and, after ``>``, in English.

Slots: ``{ind}`` the industry, ``{good1}``… its goods, ``{why1}``… ``{fear1}``… ``{when1}``… as in
:mod:`archive.replica.industries`; ``{who1}`` ``{where1}`` ``{tech1}`` ``{way1}`` from the pools at the end;
``{p1}`` ≥ ``{p2}`` ≥ ``{p3}`` percentages; ``{size}`` ``{size_before}`` ``{size_then}`` money of one report's market;
``{year}`` ``{before}`` ``{then}``; ``{n}`` ``{m}`` small counts. A figure that stands in one language stands in both.
The English runs to about four times the Chinese, as it does on the listing this one stands in for.
"""

from __future__ import annotations

from dataclasses import dataclass

from archive.replica.industries import Term, _term

_OPENINGS = """
居民消费分层加快，{ind}从偶尔尝鲜变成日常开支，供给端也随之细分。
> As household spending splits into finer layers, {ind} has turned from an occasional treat into an everyday expense, and suppliers have answered with ever more specialised ranges of their own.

十年前，{ind}还是少数人的小圈子；如今从{where1}到县城街头，随处可见相关门店与广告。
> Ten years ago {ind} belonged to a small circle of enthusiasts; today its shops and its advertisements can be seen everywhere, from {where1} to the high streets of ordinary county towns.

资本退潮之后，{ind}重新回到产品与效率的比拼，粗放扩张的打法难以为继。
> Now that the tide of venture capital has gone out, {ind} has returned to a contest of products and efficiency, and the old habit of expanding at any price can hardly be kept up any longer.

政策端连续释放利好，多部门联合发文规范{ind}，行业由野蛮生长走向有序竞争。
> Policy has brought one encouragement after another: several ministries have jointly issued rules for {ind}, and an industry that once grew wild is moving towards orderly competition.

家庭结构小型化、工作节奏加快，为{ind}带来一批愿意为便利买单的新客群。
> Smaller households and a faster pace of work have brought {ind} a new group of customers, people who are quite willing to pay a little more for anything that makes life convenient.

{where1}的老厂房改造成创意园后，第一批入驻的往往就是做{ind}的年轻团队。
> When the old factory halls of {where1} were rebuilt into creative parks, the first tenants to move in were very often young teams that had set their minds on {ind}.

原料涨价、流量见顶、用户变精，三重压力之下，{ind}正经历一轮洗牌。
> Raw materials are dearer, online traffic has reached its ceiling and users have grown shrewd; under this threefold pressure {ind} is going through a thorough reshuffle.

{tech1}走出实验室，{ind}是最早尝到甜头的领域之一。
> Now that {tech1} has left the laboratory, {ind} is among the first fields to have tasted the benefits, and a number of pilot projects have already turned into regular business.

社交平台上关于{ind}的讨论热度居高不下，“踩雷”与“种草”几乎各占一半。
> On social platforms the discussion of {ind} has not cooled for months, and warnings about disappointing purchases are almost as frequent as enthusiastic recommendations to friends.

“国潮”回归，传统工艺与当代审美相遇，{ind}由此长出不少叫得响的本土名字。
> With the return of the home-grown fashion known as "国潮", traditional craft has met contemporary taste, and {ind} has produced quite a few local names that people actually remember.

与海外成熟市场相比，国内{ind}渗透率仍低，地区之间冷热不均。
> Compared with mature markets abroad, {ind} still reaches only a modest share of the population in China, and the differences between one region and the next remain striking.

疫情改变了人们的出门习惯，也意外地把{ind}推到了聚光灯下。
> The pandemic changed the way people leave their homes, and it also pushed {ind}, quite unexpectedly, into a spotlight from which it has not stepped back since.

夜间经济持续升温，{ind}的营业高峰已从傍晚延后到晚间十点。
> The night-time economy keeps warming up, and the busiest hour of {ind}, which used to fall in the early evening, has by now been pushed back to around ten o'clock at night.

从代工到自创品牌，{ind}的产业链正在向价值更高的两端延伸。
> From making goods for others to building brands of its own, the value chain of {ind} is stretching towards both ends, where research and retail promise considerably higher margins.

{who1}成为{ind}的主力客群，他们既看重体验，也会认真比价。
> Among the customers of {ind}, {who1} now form the largest single group; they care a good deal about the experience, yet they also compare prices with remarkable patience.

一部热播剧带火了{good1}，也让{ind}在短短数周内收获百万新客。
> One popular television series made {good1} the talk of the town, and within only a few weeks it brought {ind} a million customers who had never tried anything of the kind before.

行业协会牵头起草的团体标准落地，{ind}终于有了可以对照的尺子。
> Since the voluntary standard drafted under the lead of the trade association came into force, {ind} has at last had a yardstick by which promises can be measured.

就业市场趋紧，不少{who1}选择在{ind}里寻找副业机会。
> With the labour market tightening, a good many {who1} have begun to look to {ind} for a second income, and some of them have since turned the side job into a small company.

供应链的数字化改造，使{ind}的新品周期从半年压缩到了六周左右。
> The digital rebuilding of supply chains has shortened the time that {ind} needs for a new product from half a year to about six weeks, and the pace is not expected to slacken.

理性消费抬头，“平替”成为热词，{ind}的价格带被重新划分。
> Sober spending is on the rise and the affordable substitute, or "平替", has become a catchword; as a result the price bands of {ind} are being drawn anew.

县域市场的快递网点基本铺齐，{ind}由此打开了下沉的通道。
> Parcel stations now cover nearly every county, and this has opened a road by which {ind} can reach the smaller towns that nobody bothered to serve only a few years ago.

监管部门开展专项整治，曝光多起违规案例，{ind}的信任成本一度上升。
> A special campaign by the regulators exposed a series of violations, and for a while everyone who works in {ind} had to spend more on winning back the trust of ordinary customers.

绿色低碳成为共识，{ind}的包装、运输与回收环节都在做减法。
> Now that a low-carbon life is widely accepted as a goal, {ind} is cutting back at every stage, from packaging and transport to the collection of what remains after use.

平台补贴逐步退出，{ind}的真实需求开始浮出水面。
> As the platforms gradually withdraw their subsidies, the genuine demand behind {ind} is coming to the surface, and it turns out to be steadier than the sceptics had expected.
"""  # noqa: E501

_SOURCES = """
虚构的数据机构Xugou Research（虚构咨询）在《{name}》中给出了一组编造的数字：
> In its report "{name_en}", the imaginary data house Xugou Research offers a set of figures that were made up from beginning to end:

据Xugou Research（虚构咨询）发布的《{name}》显示，
> According to "{name_en}", which was released by Xugou Research, a research firm that exists only on these pages,

并不存在的Xugou Research（虚构咨询）在其《{name}》里写道，
> Xugou Research, a firm that cannot be found in any register, writes in its report "{name_en}" that, on the whole,

《{name}》由Xugou Research（虚构咨询）凭空编制，其中提到，
> As stated in "{name_en}", a document that Xugou Research compiled entirely out of thin air for this demonstration,

虚构咨询（Xugou Research）整理的《{name}》数据表明，
> The data gathered in "{name_en}" by Xugou Research, whose analysts and interviewers are equally fictitious, suggest that
"""  # noqa: E501

# each of these follows a source without a break: lower case, no opening adverb
_SIZES = """
{year}年中国{ind}市场规模达{size}，较上年增长{growth}%，预计{then}年将增至{size_then}。
> the market for {ind} in China reached {size} in {year}, an increase of {growth}% over the year before, and it is expected to grow to {size_then} by {then}.

中国{ind}市场规模由{before}年的{size_before}升至{year}年的{size}，{then}年有望达到{size_then}。
> the Chinese market for {ind} rose from {size_before} in {before} to {size} in {year}, and there is a good prospect that it will arrive at {size_then} in {then}.

{year}年{ind}整体规模为{size}，同比增速{growth}%，若保持当前节奏，{then}年将突破{size_then}。
> the overall scale of {ind} stood at {size} in {year}, with a year-on-year growth rate of {growth}%; should the present pace be kept up, it will pass {size_then} in {then}.

{before}年{ind}规模为{size_before}，一年后已是{size}，增幅{growth}%，预计{then}年可达{size_then}。
> the scale of {ind} was {size_before} in {before} and had become {size} only one year later, a rise of {growth}%; a total of {size_then} is forecast for {then}.

{ind}在{year}年实现收入{size}，比{before}年多出{growth}%，机构判断{then}年该数字将为{size_then}。
> revenue from {ind} amounted to {size} in {year}, which is {growth}% more than in {before}, and the institution believes that the corresponding figure for {then} will be {size_then}.

受需求回暖带动，{year}年{ind}交易额回升至{size}，增长{growth}%；到{then}年，这一规模或达{size_then}。
> driven by a recovery of demand, the transaction volume of {ind} climbed back to {size} in {year}, up by {growth}%; by {then} it may well have reached {size_then}.

{year}年中国{ind}产值约{size}，占亚洲的{p3}%，预计未来几年稳步扩张，{then}年达到{size_then}。
> the output value of {ind} in China came to about {size} in {year}, or {p3}% of the Asian total, and a steady expansion over the coming years is expected to bring it to {size_then} in {then}.

{ind}的市场盘子在{year}年扩大到{size}，增速为{growth}%，{then}年的预测值为{size_then}。
> the market for {ind} widened to {size} in {year}; growth was put at {growth}%, which surprised even the optimists, and the value predicted for {then} is {size_then}.
"""  # noqa: E501

_SURVEYS = """
在购买原因中，“{why1}”以{p1}%居首，“{why2}”与“{why3}”分别占{p2}%和{p3}%。
> Among the reasons for buying, "{why1}" comes first with {p1}%, while "{why2}" and "{why3}" account for {p2}% and {p3}% respectively.

被问及最担心什么，{p1}%的受访者选择“{fear1}”，{p2}%提到“{fear2}”。
> When they were asked what worried them most, {p1}% of those interviewed chose "{fear1}", and another {p2}% mentioned "{fear2}" as something that holds them back.

{good1}是最受欢迎的品类，选择率为{p1}%；{good2}以{p2}%紧随其后，{good3}则为{p3}%。
> The most popular category is {good1}, chosen by {p1}% of the respondents, with {good2} following closely behind at {p2}% and {good3} in third place with a share of {p3}%.

使用场景上，{when1}占{p1}%，{when2}占{p2}%，多数人每周消费{n}至{m}次。
> As far as occasions are concerned, the answers name {when1} ({p1}%) and {when2} ({p2}%), and the majority of consumers spend money on it between {n} and {m} times a week.

{p1}%的消费者通过{way1}了解新品，远高于{way2}的{p3}%。
> Fully {p1}% of consumers learn about new products through {way1}, which is far more than the {p3}% who said that they rely on {way2} for the same purpose.

价格方面，{p1}%的人能接受的单次花费在{price1}元至{price2}元之间，仅{p3}%愿意支付更多。
> With regard to prices, {p1}% are prepared to spend between {price1} yuan and {price2} yuan on a single occasion, and no more than {p3}% would be willing to pay anything beyond that.

与{before}年的调查相比，看重“{why1}”的人多了，占比升至{p1}%；在意“{why2}”的则回落到{p3}%。
> In comparison with the survey of {before}, more people now attach importance to the fact that "{why1}", a share of {p1}%, whereas those who care that "{why2}" have fallen back to {p3}%.

{who1}中有{p1}%为常客，而{who2}的这一比例只有{p3}%。
> No fewer than {p1}% of the {who1} in the sample describe themselves as regular customers, whereas the corresponding share among {who2} is a mere {p3}%.

对于{good1}，{p1}%的用户表示满意，{p3}%认为“{fear1}”的问题仍未解决。
> As to {good1}, {p1}% of users declare themselves satisfied, although {p3}% are of the opinion that the problem of "{fear1}" has by no means been solved.

在{n}个备选改进方向里，消费者最希望解决“{fear1}”（{p1}%）和“{fear2}”（{p2}%）。
> Out of {n} possible improvements, what consumers would most like to see is an end to "{fear1}" (named by {p1}%) and, not far behind, to "{fear2}" (named by {p2}%).

促使人们更换品牌的理由里，“{fear1}”占{p1}%，“{fear2}”占{p2}%，单纯因为广告的不足{p3}%。
> Among the grounds on which people switch to another brand, "{fear1}" stands at {p1}% and "{fear2}" at {p2}%, while mere advertising explains less than {p3}% of all changes.

{where1}的受访者更偏爱{good1}（{p1}%），{where2}的受访者则倾向{good2}（{p2}%）。
> Respondents from {where1} show a clear preference for {good1} ({p1}%), while those who live in {where2} are more inclined towards {good2} ({p2}%).

复购意愿较强：{p1}%的人打算在三个月内再次下单，另有{p3}%尚在观望。
> The willingness to buy again is strong: {p1}% intend to place another order within the next three months, and a further {p3}% have not yet made up their minds.

超过一半的家庭把{good1}列入固定开支，在{when1}时购买的比例高达{p1}%。
> More than half of all households have made {good1} a fixed item of their budgets, and the proportion of those who buy on the occasion of {when1} is as high as {p1}%.

信息来源上，{way1}、{way2}位列前两名，占比依次为{p1}%和{p2}%。
> As sources of information, {way1} and {way2} take the first two places in the ranking, with shares of {p1}% and {p2}%, in this order, of everyone who answered the question.

谈到付款习惯，{p1}%偏好单次购买，{p2}%办理了会员，{p3}%使用过分期。
> On the subject of payment, {p1}% prefer to buy one item at a time, {p2}% have signed up for some kind of membership, and {p3}% have made use of instalments at least once.

{p1}%的受访者会在下单前查看差评，其中最常检索的词是“{fear1}”。
> Before placing an order, {p1}% of the respondents make a point of reading the negative reviews, and the phrase they look for most frequently is "{fear1}".

女性用户占{p1}%，平均每次停留{n}分钟；男性用户更关注“{why1}”。
> Women make up {p1}% of the users and stay for {n} minutes on average each time, whereas male users pay more attention to the question of whether "{why1}".

如果价格上调一成，{p1}%的人会减少购买，{p2}%会转向{good1}，仅{p3}%不受影响。
> If prices went up by one tenth, {p1}% would buy less than before, {p2}% would turn to {good1} instead, and only {p3}% say that it would make no difference to them.

初次尝试者多因“{why1}”（{p1}%），老用户留下来则更多因为“{why2}”（{p2}%）。
> Those who try it for the first time mostly do so because "{why1}" ({p1}%), while those who have stayed for years name a different motive, namely that "{why2}" ({p2}%).

九成以上的门店提供线上预约，{p2}%的订单产生于{when1}前后。
> More than 90% of the outlets accept bookings online by now, and as many as {p2}% of all orders are placed shortly before or after {when1}.

在{who1}看来，“{why1}”比品牌更重要，持此观点者占{p1}%，比整体高出{n}个百分点。
> In the eyes of {who1}, the fact that "{why1}" matters more than any brand; {p1}% of them hold this view, which is {n} percentage points above the general average.

退货原因中排名第一的是“{fear1}”，占{p1}%，其次为“{fear2}”，占{p2}%，位列第三的“{fear3}”占{p3}%。
> The leading cause of returns is "{fear1}" with {p1}%, followed by "{fear2}" with {p2}% in second place, and by "{fear3}", which ranks third with a share of {p3}%.

调查覆盖{where1}、{where2}等{n}个地区，有效样本中{who1}占{p2}%。
> The survey covered {n} regions, {where1} and {where2} among them, and in the valid sample the share of {who1} amounted to {p2}%, roughly what the census would suggest.
"""  # noqa: E501

_INFERENCES = """
这说明省下来的时间，正在成为比折扣更有说服力的理由。
> It goes to show that the time people save has by now become a more persuasive argument than any discount.

可见信任一旦受损，再高的曝光量也难以换回订单。
> Clearly, once trust has been damaged, not even the greatest exposure in the media will bring the orders back.

换言之，口碑在熟人之间的流动，比投放广告更能打动人。
> In other words, a good word passed from one friend to another moves people more than any paid campaign.

这与线下走访的印象一致：货架越短，顾客决定得越快。
> This agrees with the impression gained from visits to shops: the shorter the shelf, the faster customers decide.

差距背后，是城乡之间冷库、门店与人才分布的不均。
> Behind the gap lies the uneven distribution of cold stores, outlets and skilled people between town and country.

数字虽小，却已连续三年上行，值得经营者留意。
> The number may be small, but it has been rising for three years in succession and deserves the attention of managers.

对中小商家而言，这既是门槛，也是避开价格战的出路。
> For small and medium-sized merchants this is a threshold to be crossed, but it is also a way out of the price war.

不过，口头上的意愿与真正掏钱之间，往往隔着一次糟糕的体验。
> Still, between a stated intention and the actual opening of a purse there often stands a single bad experience.

年轻人嘴上说随缘，下单时却把配料表读得很仔细。
> Young people may claim to leave things to fate, but they read the list of ingredients very closely before they order.

由此看来，靠单一爆款支撑全年的做法风险不小。
> Seen in this light, it is rather risky to let one single best-seller carry the business of an entire year.

这一变化与房租回落、开店成本降低的时间基本吻合。
> The change coincides quite closely with the time at which rents fell and it became cheaper to open a shop.

真正的分水岭不在价格，而在售后能否在一天之内答复。
> The true watershed is not the price but the question of whether after-sales staff can reply within a single day.

也就是说，便利已经成为底线，情绪价值才是溢价所在。
> That is to say, convenience has become the bare minimum, and it is emotional value that commands a premium.

有意思的是，收入越高的人群，对小数点后的差价反而越敏感。
> Interestingly enough, the higher the income of a group, the more sensitive it proves to be to differences of a few cents.

这提醒品牌方：会员日不宜过密，否则会透支好感。
> This reminds the owners of brands not to hold members' days too frequently, lest they exhaust the goodwill they have earned.

同样的趋势在东南亚也能看到，只是晚了大约两年。
> The same tendency can be observed in South-East Asia as well, only with a delay of approximately two years.

季节因素可以解释其中一部分，但解释不了全部。
> Seasonal effects can explain some of this, but they are certainly not able to explain all of it.

从访谈记录看，人们抱怨的多是流程，而不是东西本身。
> To judge by the notes of the interviews, people mostly complain about procedures and not about the thing itself.

老字号与新品牌的座次，因此出现了微妙的调整。
> As a consequence, the order of precedence between old houses and new brands has undergone a subtle adjustment.

对投资人来说，这比月活数字更能说明问题。
> To an investor this reveals considerably more than the number of monthly active users could ever do.

看似矛盾的答案，其实来自同一批精打细算的家庭。
> The answers seem contradictory, yet they come from one and the same set of carefully calculating households.

因此，把钱花在看不见的环节上，未必是亏本买卖。
> Spending money on those parts of the work that nobody sees is therefore by no means a losing bargain.

这与部分从业者的直觉相反，也与上一轮调查不同。
> It runs against the intuition of many people in the trade, and it differs from what the previous round had found.

一线城市趋于饱和，增量主要来自新开通高铁的地级市。
> First-tier cities are close to saturation, and growth comes mainly from prefectures newly reached by high-speed rail.
"""  # noqa: E501

_FACTS = """
企业数量上，{where1}以{n}万家位居全国第一，{where2}排名第{m}。
> In terms of the number of enterprises, the first place in the whole country goes to {where1} with {n}0,000 companies, and place number {m} to {where2}.

行业前{n}名的市场份额合计为{p2}%，集中度较{before}年提高了{m}个百分点。
> The combined market share of the top {n} companies comes to {p2}%, which means that concentration has increased by {m} percentage points since {before}.

过去一年共发生{n}起融资，披露金额{money_small}，其中{p1}%投向{tech1}。
> In the past year there were {n} rounds of financing with a disclosed total of {money_small}, and {p1}% of that money went into {tech1}.

{good1}的出口额为{usd}，同比增长{growth}%，主要流向东盟与中东。
> Exports of {good1} were worth {usd}, a year-on-year rise of {growth}%, and most of the shipments went to the ASEAN countries and to the Middle East.

{where1}建成{n}个产业园，引入{tech1}后，单位能耗下降{p3}%。
> In {where1}, {n} industrial parks have been completed, and since the introduction of {tech1} the energy used for each unit of output has fallen by {p3}%.

配套的{way1}贡献了{p2}%的销量，{way2}贡献了{p3}%。
> On the sales side, {way1} contributed {p2}% of the volume, to which {way2} added another {p3}%, so that traditional counters were left with the remainder.

从业人员约{n}{m}万人，其中持有职业证书的占{p3}%，人才缺口集中在{tech1}。
> Some {n}{m}0,000 people work in the trade, {p3}% of them with a vocational certificate, and the shortage of talent is felt most keenly in the area of {tech1}.

全年新增门店{m}千家，关闭{n}千家，{where1}的净增量最大。
> Over the year, {m} thousand new outlets were opened and {n} thousand were closed; the largest net increase of all was recorded in {where1}.

{good1}的平均售价由{price2}元降到{price1}元，销量却增加了{p1}%。
> The average selling price of {good1} dropped from {price2} yuan to {price1} yuan, and yet the quantity sold went up by as much as {p1}%.

研发投入占营收的{p3}%，{tech1}与{tech2}是资金最集中的两个方向。
> Research and development takes up {p3}% of revenue, and the two directions in which most of the money has been concentrated are {tech1} and {tech2}.

投诉平台收到相关投诉{n}.{m}万件，“{fear1}”占{p2}%，办结率为{p1}%。
> The complaints platform received {n}{m},000 complaints in this field; "{fear1}" was the subject of {p2}% of them, and {p1}% of all cases have been closed.

APP月活用户突破{n}千万，{who1}贡献了{p2}%的使用时长。
> The number of monthly active users of the leading app has exceeded {n}0 million, and {who1} are responsible for {p2}% of the total time spent in it.

上游原料价格上涨{p3}%，{where1}的{n}家工厂因此推迟了扩产计划。
> The price of raw materials upstream went up by {p3}%, and for this reason {n} factories in {where1} have put off their plans to expand production.

相关专利累计{n}.{m}万件，{where1}与{where2}合计占{p2}%。
> Patents in this field have accumulated to a total of {n}{m},000, and {where1} and {where2} together hold {p2}% of them.

物流费用占成本的{p3}%，采用{tech1}的企业平均节省{money_tiny}。
> Logistics makes up {p3}% of the costs, and the companies which have adopted {tech1} were able to save an average of {money_tiny} in the course of the year.

线上渠道规模达{money_small}，占全部销售的{p2}%，退货率控制在{p3}%以内。
> Online channels have grown to {money_small}, equal to {p2}% of all sales, and the rate of returned goods has been kept below {p3}%.
"""  # noqa: E501

_VIEWS = """
虚构咨询分析师认为，未来竞争的焦点将从抢流量转向留住人。
> Analysts at Xugou Research believe that the focus of future competition will shift from grabbing traffic to the far more difficult task of keeping people.

虚构咨询分析师指出，谁能率先解决“{fear1}”，谁就能赢得下一批用户。
> Analysts at Xugou Research point out that whoever is the first to deal with the problem of "{fear1}" will win the next generation of users.

虚构咨询分析师预计，{tech1}的普及会让行业的成本结构发生根本变化。
> Analysts at Xugou Research expect that the spread of {tech1} is going to bring about a fundamental change in the cost structure of the industry.

虚构咨询分析师提醒，热度不等于需求，扩张之前应先算清单店账。
> Analysts at Xugou Research warn that popularity must not be mistaken for demand, and that the books of a single shop should balance before the next one is opened.

虚构咨询分析师表示，{where1}的经验值得借鉴，但不宜照搬。
> Analysts at Xugou Research say that the experience of {where1} deserves to be studied, although it would hardly be wise to copy it without thinking.

在虚构咨询分析师看来，{who1}的口味将决定{good1}能走多远。
> In the view of the analysts at Xugou Research, it is the taste of {who1} that will decide how far {good1} can go in the years that lie ahead.
"""  # noqa: E501

_OUTLOOKS = """
随着{tech1}成熟，{good1}有望率先实现规模化落地。
> As {tech1} matures, there is every reason to hope that {good1} will be the first to be adopted on a truly large scale.

企业应建立从原料到售后的追溯体系，用数据回应“{fear1}”的质疑。
> Companies should build a system of traceability that reaches from raw materials to after-sales service, so that doubts about "{fear1}" can be answered with data.

面向{who1}的定制服务，可能是下一个增长点。
> Services that are tailored to the particular needs of {who1} may very well turn out to be the next source of growth.

出海不是简单的铺货，本地化团队与合规能力缺一不可。
> Going abroad is more than a matter of shipping goods: neither a local team nor the ability to comply with local rules can be dispensed with.

{way1}与{way2}的边界将进一步模糊，会员数据需要打通使用。
> The border between {way1} and {way2} will be blurred still further, and what is known about members will have to be shared between the two.

{where1}等地可依托产业基础，打造区域公共品牌。
> Places such as {where1} are in a position to rely on their industrial base and to develop a public brand that represents the entire region.

头部企业宜开放接口，与上下游共享{tech1}带来的红利。
> Leading enterprises would do well to open their interfaces and to share the dividends of {tech1} with partners upstream and downstream.

在{when1}这样的高频场景里，细节决定复购。
> On occasions that come round as frequently as {when1}, it is the small details that decide whether a customer returns.

监管与自律并行，劣质供给有望在两三年内基本出清。
> With regulation and self-discipline working side by side, suppliers of poor quality may be largely driven out within two or three years.

中小品牌不妨从{good1}切入，先做深一个品类，再谈扩张。
> Smaller brands might as well begin with {good1}, master one single category thoroughly, and only then start to talk about expansion.

绿色包装与循环回收，会从加分项变为必答题。
> Green packaging and recycling, which earn extra marks today, are going to become questions that nobody is allowed to leave unanswered.

借助AI选品与需求预测，库存周转天数仍有压缩空间。
> With the help of AI for the selection of goods and the prediction of demand, there is still room to reduce the number of days that stock lies idle.

人才是短板，校企共建的实训基地应尽快补上{tech1}课程。
> Talent is the weak spot, and the training centres that schools and companies run together ought to add courses on {tech1} as soon as they can.

消费者教育不可省略，讲清“{why1}”背后的原理，比堆砌概念更有用。
> The education of consumers must not be skipped: to explain the principle behind the claim that "{why1}" is more useful than piling up concepts.

跨界联名需要克制，频繁更换主题只会稀释记忆。
> Restraint is called for in co-branding, since a theme that changes every other week only dilutes what people remember of a brand.

对{who2}的忽视，正在让不少品牌错失一块稳定的生意。
> By neglecting {who2}, quite a number of brands are about to miss a line of business that is steady and surprisingly loyal.

线下空间的价值会被重新评估，体验店应当会讲故事。
> The value of physical space is going to be assessed anew, and a shop that offers experiences ought to be able to tell a story.

与其在{way1}上追逐低价，不如把预算留给产品与客服。
> Instead of chasing the lowest price on {way1}, it would be better to keep the budget for the product and for customer service.

{tech2}的标准尚未统一，过早押注单一路线存在隐忧。
> The standards for {tech2} have not been unified so far, and to bet on one single route too early is not without its hidden dangers.

保险、质保与第三方检测的引入，将帮助行业走出信任洼地。
> Insurance, warranties and inspections by third parties will help the industry to climb out of the hollow of mistrust in which it finds itself.

{where2}的消费潜力尚未充分释放，前置仓布局可适度提前。
> The spending power of {where2} has not been released in full yet, and forward warehouses could reasonably be set up there a little ahead of demand.

订阅制与租赁制或将改变“{why1}”的含义。
> Subscriptions and rentals may, in the end, alter what people have in mind when they declare that "{why1}".
"""  # noqa: E501

_CLOSINGS = """
总体来看，慢一点、稳一点，或许才是{ind}穿越周期的办法。
> All in all, to be a little slower and a little steadier may be the only way in which {ind} can come safely through the cycle.

当潮水退去，留下来的将是愿意把小事做扎实的经营者。
> When the tide goes out, those who remain will be the operators who are willing to do small things thoroughly, day after day.

可以预见，{ind}的故事才刚刚翻过序章。
> It is safe to predict that the story of {ind} has only just turned the last page of its prologue.

未来三年，将是检验{ind}成色的关键窗口。
> The next three years will be the decisive window in which the true quality of {ind} is put to the test.

各方若能形成合力，{ind}有望成为扩大内需的一块基石。
> If all sides manage to pull together, {ind} has a fair chance of becoming one of the foundation stones of domestic demand.

市场终会奖励那些把消费者当作邻居的品牌。
> In the end the market is going to reward those brands that treat their customers as if they were neighbours.

高质量发展没有捷径，{ind}也不例外。
> There is no short cut on the road to development of high quality, and {ind} is certainly no exception to that rule.

规模之外，行业更需要一份经得起回访的满意度。
> Beyond mere size, what the industry needs most is a degree of satisfaction that will stand up to a second interview.
"""  # noqa: E501

_POOLS = """
who: Z世代大学生=Generation Z students / 小镇青年=young people in small towns / 一线城市白领=white-collar workers in first-tier cities / 新手父母=new parents / 退休教师=retired teachers / 26-35岁已婚女性=married women aged 26-35 / 独居青年=young people living alone / 个体商户=self-employed traders / 蓝领技工=skilled manual workers / 返乡创业者=entrepreneurs who have returned home / 外卖骑手=delivery riders / 45岁以上男性=men over 45
where: 长三角=the Yangtze River Delta / 珠三角=the Pearl River Delta / 成渝地区=the Chengdu-Chongqing area / 山东半岛=the Shandong Peninsula / 东北三省=the three north-eastern provinces / 云贵高原=the Yunnan-Guizhou Plateau / 福建沿海=the coast of Fujian / 京津冀=the Beijing-Tianjin-Hebei region / 中原城市群=the cities of the Central Plains / 海南自贸港=the Hainan Free Trade Port / 西北五省=the five north-western provinces / 湖南县域=the counties of Hunan / 江西赣州=Ganzhou in Jiangxi / 浙江义乌=Yiwu in Zhejiang
tech: 大语言模型=large language models / 数字孪生=digital twins / 物联网传感=sensors in the Internet of Things / 区块链溯源=traceability on a blockchain / 边缘计算=edge computing / 无人配送=driverless delivery / 机器视觉=machine vision / 隐私计算=privacy-preserving computation / 柔性制造=flexible manufacturing / 动态定价=dynamic pricing / 虚拟试用=virtual try-on / 低温锁鲜=low-temperature preservation / 合成生物=synthetic biology / AIGC内容生产=content made with AIGC / 智能客服=intelligent customer service / 卫星遥感=satellite remote sensing
way: 短视频直播=live streams / 社区团购=community group buying / 便利店=convenience stores / 品牌小程序=brand mini-programs / 会员制仓储店=warehouse clubs / 朋友推荐=recommendations from friends / 搜索引擎=search engines / 电梯广告=lift advertising / 线下体验店=experience shops / 行业展会=trade fairs / 即时零售平台=instant-retail platforms / 图文笔记=illustrated posts
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Sentence:
    zh: str
    en: str


def _sentences(blocks: str) -> tuple[Sentence, ...]:
    return tuple(Sentence(*block.split("\n> ")) for block in blocks.strip().split("\n\n"))


def _pool(line: str) -> tuple[str, tuple[Term, ...]]:
    name, _, terms = line.partition(": ")
    return name, tuple(map(_term, terms.split(" / ")))


OPENINGS = _sentences(_OPENINGS)
SOURCES = _sentences(_SOURCES)
SIZES = _sentences(_SIZES)
SURVEYS = _sentences(_SURVEYS)
INFERENCES = _sentences(_INFERENCES)
FACTS = _sentences(_FACTS)
VIEWS = _sentences(_VIEWS)
OUTLOOKS = _sentences(_OUTLOOKS)
CLOSINGS = _sentences(_CLOSINGS)
POOLS = dict(map(_pool, _POOLS.strip().split("\n")))
