"""What the invented reports are about: industries, their goods, and why, why not and when people buy them.

One block an industry: its name, then goods (``*``), reasons to buy (``+``), worries (``-``) and occasions
(``@``), each ``中文=English``. All of it is made up for the replica; the English name is a singular noun.
"""

from __future__ import annotations

from dataclasses import dataclass

Term = tuple[str, str]  #: Chinese, English

_BLOCKS = """
预制菜=ready-to-cook food
* 酸菜鱼=pickled-cabbage fish / 小酥肉=crispy pork strips / 佛跳墙=Buddha-jumps-over-the-wall soup / 宫保鸡丁=kung pao chicken
+ 备餐省时=it saves time in the kitchen / 口味稳定=the taste is consistent / 囤货方便=it is easy to keep in stock / 厨艺要求低=it asks for little cooking skill
- 添加剂偏多=too many additives / 新鲜度存疑=doubtful freshness / 图文不符=pictures that flatter the dish / 口感单一=a monotonous texture
@ 年夜饭=New Year's Eve dinners / 加班晚餐=late suppers after overtime / 露营聚会=campsite gatherings

现磨咖啡=freshly ground coffee
* 生椰拿铁=coconut latte / 冷萃=cold brew / 手冲单品=single-origin pour-over / 燕麦拿铁=oat-milk latte
+ 提神醒脑=it keeps one awake / 香气浓郁=the aroma is rich / 价格下探=prices have come down / 门店就近=there is a shop around the corner
- 咖啡因摄入过量=too much caffeine / 排队时间长=long queues / 出品不稳=uneven quality between shops / 含糖量不透明=undisclosed sugar content
@ 早高峰通勤=the morning commute / 下午会议=afternoon meetings / 周末约会=weekend dates

新式茶饮=new-style tea
* 芝士葡萄=cheese-foam grape tea / 轻乳茶=light milk tea / 柠檬茶=hand-shaken lemon tea / 芋泥奶茶=mashed-taro milk tea
+ 颜值高=it photographs well / 果肉真实=the fruit is real / 新品上得快=new drinks arrive quickly / 联名有趣=the co-branded cups are fun
- 糖分过高=excessive sugar / 原料以次充好=inferior ingredients passed off as good / 杯量缩水=shrinking cups / 加盟店卫生=hygiene in franchised shops
@ 逛街歇脚=breaks while shopping / 闺蜜小聚=small get-togethers with friends / 追剧之夜=evenings in front of a series

宠物护理=pet care
* 冻干主粮=freeze-dried staple food / 智能饮水机=smart water fountains / 驱虫滴剂=deworming drops / 自动猫砂盆=self-cleaning litter boxes
+ 情感陪伴=animals are good company / 科学喂养=feeding has become a science / 省心省力=it saves effort / 兽医推荐=the vet recommends it
- 诊疗收费混乱=confusing clinic fees / 假粮劣粮=counterfeit feed / 毛发过敏=hair allergies / 出行受限=limits on travelling with animals
@ 换毛季=the moulting season / 长假寄养=boarding over long holidays / 幼宠到家=the first days of a new puppy or kitten

露营经济=the camping economy
* 天幕帐篷=canopy tents / 卡式炉=cassette stoves / 折叠推车=folding wagons / 户外电源=portable power stations
+ 亲近自然=it brings people close to nature / 缓解压力=it takes the pressure off / 适合亲子=it suits families with children / 拍照出片=the pictures look good
- 营地配套不足=poorly equipped campsites / 蚊虫叮咬=insect bites / 垃圾清运滞后=slow waste removal / 天气难料=unpredictable weather
@ 五一小长假=the May Day break / 近郊周末=weekends on the outskirts / 音乐节现场=music festivals

跨境电商=cross-border e-commerce
* 家居小件=small household goods / 假发=wigs / 割草机器人=robotic lawn mowers / 快时尚服饰=fast-fashion clothing
+ 品类丰富=the choice is wide / 价格优势=the price advantage is clear / 海外仓时效=overseas warehouses deliver fast / 支付便利=payment is convenient
- 退换货周期长=slow returns / 关税政策变动=changing tariffs / 知识产权纠纷=disputes over intellectual property / 语言客服缺位=missing support in the local language
@ 黑色星期五=Black Friday / 返校季=the back-to-school season / 圣诞采购=Christmas shopping

新能源汽车=the new energy vehicle trade
* 纯电轿车=battery-electric saloons / 增程SUV=range-extended SUVs / 微型电动车=electric microcars / 换电车型=battery-swap models
+ 用车成本低=running costs are low / 智能座舱=the cabin is smart / 牌照便利=licence plates are easier to get / 起步加速快=it pulls away quickly
- 冬季续航缩水=shrinking range in winter / 充电排队=queues at charging points / 二手残值低=low resale value / 电池安全=battery safety
@ 城市通勤=city commuting / 跨省自驾=road trips across provinces / 接送孩子=the school run

银发经济=the silver economy
* 防滑鞋=non-slip shoes / 助浴服务=assisted bathing / 慢病管家=chronic-disease management / 老年旅居=seasonal stays for retirees
+ 子女省心=it relieves the children / 操作简单=it is simple to use / 健康管理=it helps to manage one's health / 社交充实=it fills social life
- 虚假宣传=misleading advertising / 界面复杂=complicated interfaces / 收费不透明=opaque fees / 售后难寻=after-sales service that cannot be found
@ 日常起居=everyday life at home / 术后康复=recovery after surgery / 候鸟过冬=wintering in the south

智能家居=the smart home
* 扫拖机器人=robot vacuum mops / 智能门锁=smart locks / 语音面板=voice control panels / 新风系统=fresh-air systems
+ 解放双手=it frees both hands / 全屋联动=the whole home works together / 节能省电=it saves electricity / 远程看护=it lets one keep an eye on the house
- 隐私泄露=leaks of private data / 品牌互不兼容=brands that do not work together / 安装繁琐=tedious installation / 误报频繁=frequent false alarms
@ 新房装修=fitting out a new flat / 老人独居=elderly people living alone / 出差在外=business trips

电子竞技=the esports industry
* 赛事门票=match tickets / 机械键盘=mechanical keyboards / 电竞酒店=esports hotels / 虚拟皮肤=virtual skins
+ 热血竞技=the contest is thrilling / 偶像选手=star players inspire / 朋友同看=friends watch together / 战队荣誉=a team's honour is at stake
- 未成年沉迷=addiction among minors / 外挂作弊=cheating software / 假赛风波=match-fixing scandals / 职业周期短=short careers
@ 总决赛之夜=the night of the finals / 寝室开黑=team play in the dormitory / 城市主场=home matches in the city

冷链物流=cold-chain logistics
* 疫苗温控箱=temperature-controlled vaccine boxes / 移动冷库=mobile cold stores / 冷藏车=refrigerated lorries / 蓄冷材料=cold-storage materials
+ 损耗下降=less is lost on the way / 全程可溯=the whole route can be traced / 时效稳定=delivery times are stable / 温区灵活=temperature zones are flexible
- 断链风险=breaks in the chain / 能耗偏高=high energy use / 末端配送贵=costly last-mile delivery / 标准不一=differing standards
@ 荔枝上市=the lychee harvest / 海鲜直发=seafood sent straight from the port / 疫苗调拨=vaccine transfers

在线教育=online education
* AI口语陪练=AI speaking partners / 职业资格课=courses for professional certificates / 编程启蒙课=first courses in programming / 错题打印机=printers for wrong answers
+ 时间自由=the hours are free / 名师可选=famous teachers can be chosen / 反复回看=lessons can be watched again / 价格亲民=the price is friendly
- 学习效果难评=results that are hard to judge / 退费困难=refunds that are hard to obtain / 屏幕伤眼=strain on the eyes / 督学缺位=a lack of supervision
@ 备考冲刺=the last weeks before an exam / 睡前半小时=the half hour before bed / 暑期充电=summer study

二手车交易=used-car trading
* 准新车=nearly new cars / 认证检测=certified inspections / 老爷车=classic cars / 延保服务=extended warranties
+ 性价比高=it is good value / 过户便捷=the transfer of title is quick / 车况透明=the condition is disclosed / 练手合适=it suits new drivers
- 调表车=clocked mileage / 事故隐瞒=concealed accidents / 议价困难=hard bargaining / 贷款捆绑=loans tied to the purchase
@ 第一辆车=a first car / 家庭增购=a second family car / 返乡代步=getting around back in the home town

网络文学=online literature
* 免费连载=free serials / 有声改编=audio adaptations / 付费番外=paid side stories / 漫画改编=comic adaptations
+ 节奏明快=the pace is brisk / 题材新颖=the subjects are fresh / 碎片阅读=it fills spare minutes / 作者互动=authors answer their readers
- 内容同质=look-alike content / 盗版横行=rampant piracy / 断更烂尾=stories that are never finished / 广告过密=too many advertisements
@ 地铁途中=rides on the underground / 午休时间=lunch breaks / 失眠夜晚=sleepless nights

白酒消费=the Chinese liquor trade
* 低度果酒=low-alcohol fruit wine / 光瓶酒=unboxed bottles / 年份酱酒=aged sauce-aroma liquor / 文创礼盒=designer gift boxes
+ 宴请体面=it does a host credit / 口感绵柔=it is mellow / 收藏增值=it gains value in the cellar / 送礼稳妥=it is a safe gift
- 假酒难辨=fakes that are hard to spot / 价格倒挂=prices below the list price / 年轻客群流失=the loss of young drinkers / 酗酒伤身=harm from heavy drinking
@ 婚宴=wedding banquets / 商务宴请=business dinners / 中秋送礼=Mid-Autumn gifts

休闲零食=snack food
* 魔芋爽=spicy konjac strips / 每日坚果=daily nut packs / 冻干草莓=freeze-dried strawberries / 手撕面包=pull-apart bread
+ 解馋过瘾=it satisfies a craving / 独立小包=it comes in single packs / 低卡配方=the recipe is low in calories / 童年味道=it tastes of childhood
- 反式脂肪=trans fats / 包装过度=excessive packaging / 钠含量高=high sodium / 临期窜货=near-expiry stock on the shelf
@ 办公室抽屉=the office drawer / 长途列车=long train rides / 年货采买=shopping for the New Year

生鲜零售=fresh grocery retail
* 有机蔬菜=organic vegetables / 活鲜水产=live seafood / 现切水果=fresh-cut fruit / 冷鲜肉=chilled meat
+ 半小时达=it arrives within half an hour / 产地直采=it comes straight from the farm / 分量合适=portions fit small households / 免洗免切=nothing needs washing or cutting
- 缺斤短两=short weight / 损耗赔付慢=slow compensation for spoilage / 起送门槛高=high minimum orders / 夜间断货=empty shelves at night
@ 下班做饭=cooking after work / 临时待客=unexpected guests / 周末囤货=weekend stock-ups

母婴用品=the maternal and infant market
* 有机辅食=organic baby food / 恒温奶壶=constant-temperature kettles / 遛娃神车=lightweight pushchairs / 月子服务=postnatal care
+ 成分安全=the ingredients are safe / 专家背书=experts vouch for it / 口碑真实=other parents speak well of it / 设计贴心=the design is thoughtful
- 焦虑营销=marketing that feeds on worry / 价格虚高=inflated prices / 假货流通=counterfeits in circulation / 月嫂资质不明=unclear qualifications of nannies
@ 孕晚期备货=the last months of pregnancy / 断奶阶段=weaning / 首次远行=a baby's first journey

功效护肤=functional skincare
* 早C晚A精华=vitamin C and retinol serums / 医用敷料=medical dressings / 防晒喷雾=sunscreen sprays / 修护面霜=repair creams
+ 成分透明=the formula is disclosed / 见效较快=results show soon / 肤感清爽=it feels light on the skin / 测评专业=the reviews are expert
- 烂脸风险=the risk of damaged skin / 概念添加=ingredients added in name only / 直播夸大=exaggeration in live streams / 仿冒包装=imitated packaging
@ 换季敏感=sensitive skin at the change of season / 军训暴晒=days of drill in the sun / 熬夜之后=the morning after a late night

居家健身=home fitness
* 可调哑铃=adjustable dumbbells / 智能跳绳=smart skipping ropes / 折叠走步机=folding walking pads / 瑜伽垫=yoga mats
+ 不受天气影响=the weather does not matter / 课程跟练=there are classes to follow / 塑形减脂=it shapes the body / 节省通勤=no journey is needed
- 动作不规范=poor form / 噪音扰民=noise that disturbs neighbours / 三分钟热度=enthusiasm that fades / 器材闲置=idle equipment
@ 清晨起床=the early morning / 午夜解压=unwinding at midnight / 产后恢复=recovery after childbirth

数字音频=digital audio
* 播客节目=podcasts / 有声书=audiobooks / 白噪音=white noise / 车载电台=in-car radio
+ 解放眼睛=it rests the eyes / 深度谈话=the talk goes deep / 陪伴入睡=it helps one fall asleep / 边做边听=one can listen while working
- 更新不定=irregular releases / 口播广告=read-out advertisements / 版权分散=scattered rights / 推荐不准=poor recommendations
@ 开车路上=driving / 做家务时=housework / 夜跑途中=night runs

知识付费=paid knowledge
* 专栏订阅=column subscriptions / 训练营=boot camps / 付费社群=paid communities / 一对一咨询=one-to-one advice
+ 系统学习=the learning is systematic / 结识同行=it introduces one to peers / 缓解焦虑=it eases anxiety / 提升薪资=it raises pay
- 割韭菜嫌疑=the suspicion of being fleeced / 内容拼凑=patched-together content / 完课率低=low completion rates / 退款推诿=evasive refunds
@ 转行准备=preparing for a new career / 晋升考核=promotion reviews / 副业起步=starting a side job

共享出行=shared mobility
* 共享电单车=shared electric bikes / 顺风车=carpooling / 分时租赁=hourly car rental / 自动驾驶出租车=robotaxis
+ 随取随还=one picks up and drops off anywhere / 比打车便宜=it is cheaper than a taxi / 绿色低碳=it is green / 接驳地铁=it connects with the underground
- 乱停乱放=careless parking / 高峰调价=surge pricing / 车辆破损=damaged vehicles / 押金安全=the safety of deposits
@ 最后一公里=the last kilometre / 深夜回家=getting home late at night / 景区游览=sightseeing

企业云服务=enterprise cloud services
* 混合云=hybrid clouds / 低代码平台=low-code platforms / SaaS财税=SaaS bookkeeping / 灾备方案=disaster-recovery plans
+ 按量付费=one pays by use / 弹性扩容=capacity is elastic / 运维省人=it needs fewer administrators / 部署迅速=it is set up quickly
- 数据迁移困难=difficult data migration / 供应商锁定=vendor lock-in / 宕机损失=losses from outages / 隐性费用=hidden costs
@ 大促扛压=peak loads during sales events / 异地办公=offices in several cities / 等保测评=security assessments

短视频带货=short-video commerce
* 源头工厂货=goods straight from the factory / 助农水果=fruit from poor counties / 品牌清仓=brand clearance sales / 本地团购券=local vouchers
+ 讲解直观=the demonstration is vivid / 限时低价=the low price is limited in time / 主播可信=the host is trusted / 下单顺手=ordering takes one tap
- 冲动消费=impulse buying / 货不对板=goods unlike the sample / 刷单造假=faked orders / 客服失联=unreachable customer service
@ 深夜刷屏=late-night scrolling / 双十一=the Double Eleven festival / 饭后闲暇=the quiet hour after dinner

烘焙甜品=the bakery trade
* 生吐司=raw toast / 碱水面包=pretzel bread / 巴斯克蛋糕=Basque cheesecake / 国风糕点=Chinese-style pastry
+ 当日现烤=it is baked the same day / 用料扎实=the ingredients are solid / 造型精致=it is beautifully shaped / 代餐方便=it can replace a meal
- 植物奶油=vegetable cream / 网红店倒闭=the closing of fashionable shops / 储值跑路=prepaid cards that become worthless / 热量超标=too many calories
@ 生日庆祝=birthdays / 下午茶=afternoon tea / 早餐外带=breakfast on the go

营养保健品=dietary supplements
* 益生菌=probiotics / 鱼油软胶囊=fish-oil capsules / 护肝片=liver tablets / 胶原蛋白饮=collagen drinks
+ 增强免疫=it strengthens immunity / 改善睡眠=it improves sleep / 服用方便=it is easy to take / 家人推荐=the family recommends it
- 功效夸大=exaggerated effects / 成分不明=unknown ingredients / 会销骗局=sales-meeting fraud / 依赖心理=psychological dependence
@ 流感高发期=the flu season / 应酬前后=before and after banquets / 考试熬夜=exam nights

国货彩妆=domestic make-up
* 哑光唇釉=matte lip glaze / 浮雕眼影=embossed eyeshadow / 养肤粉底=skin-caring foundation / 高光盘=highlighter palettes
+ 贴合肤色=the shades suit local skin / 平价好用=it is cheap and good / 文化设计=the design draws on tradition / 试色丰富=there are many shades to try
- 色差明显=obvious colour differences / 脱妆卡粉=caking and fading / 过敏泛红=allergic redness / 营销大于研发=more marketing than research
@ 面试=job interviews / 汉服出行=outings in Hanfu / 毕业照=graduation photos

即时配送=instant delivery
* 同城闪送=same-city express / 药品速达=medicine in minutes / 鲜花专送=flower delivery / 文件急件=urgent documents
+ 分钟级到达=it takes minutes / 路线可见=the route can be followed / 夜间可用=it works at night / 保价赔付=valuables are insured
- 骑手超速=speeding riders / 恶劣天气停运=stoppages in bad weather / 餐品洒漏=spilled meals / 费用浮动=fluctuating fees
@ 忘带钥匙=forgotten keys / 半夜发烧=a fever at midnight / 节日惊喜=holiday surprises

文化旅游=cultural tourism
* 博物馆研学=museum study tours / 古镇民宿=guesthouses in old towns / 实景演艺=open-air shows / 非遗手作=handicraft workshops
+ 体验在地文化=it offers local culture / 陪伴长辈=it is time with one's elders / 寓教于乐=it teaches while it entertains / 避暑纳凉=it is cool in summer
- 人流拥挤=crowds / 过度商业化=excessive commercialism / 预约困难=bookings that are hard to get / 导购套路=shopping traps
@ 国庆长假=the National Day holiday / 暑期亲子=family summers / 错峰出行=off-season trips

医美服务=medical aesthetics
* 光子嫩肤=photon rejuvenation / 水光针=hydration injections / 热玛吉=radio-frequency lifting / 皮肤检测=skin diagnosis
+ 恢复期短=recovery is short / 效果自然=the result looks natural / 医生资质可查=doctors can be looked up / 明星示范=celebrities set the example
- 无证行医=unlicensed practice / 术后感染=infection after treatment / 隐形收费=hidden charges / 审美单一=a single ideal of beauty
@ 婚礼前夕=the weeks before a wedding / 求职季=the job-hunting season / 年假休整=annual leave

工业机器人=industrial robotics
* 协作机械臂=collaborative arms / 焊接工作站=welding stations / AGV小车=AGV carts / 视觉检测仪=visual inspection systems
+ 缓解招工难=it eases the labour shortage / 精度稳定=the precision is stable / 夜班不停=it works through the night / 投资回收快=it pays for itself quickly
- 编程门槛高=demanding programming / 备件依赖进口=imported spare parts / 换线时间长=long changeovers / 人机安全=the safety of people nearby
@ 旺季赶单=rush orders in the high season / 精密装配=precision assembly / 危险搬运=the handling of dangerous goods
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Industry:
    name: Term
    goods: tuple[Term, ...]
    reasons: tuple[Term, ...]
    worries: tuple[Term, ...]
    occasions: tuple[Term, ...]


def _term(text: str) -> Term:
    chinese, _, english = text.strip().partition("=")
    return chinese, english


def _industry(block: str) -> Industry:
    name, *lists = block.split("\n")
    return Industry(_term(name), *(tuple(map(_term, line[2:].split(" / "))) for line in lists))


INDUSTRIES = tuple(map(_industry, _BLOCKS.strip().split("\n\n")))
