/** Where the demo's pillars stand: known corners of Nanjing, WGS-84, as longitude and latitude. */

export interface Place {
  readonly id: string;
  readonly name: string;
  readonly grid: string;
  readonly address: string;
  readonly position: readonly [longitude: number, latitude: number];
}

type Corner = readonly [name: string, grid: string, address: string, position: Place["position"]];

const CORNERS: readonly Corner[] = [
  [
    "新街口 地铁2号口",
    "新街口街道 03 网格",
    "中山东路与洪武北路口，德基广场南侧",
    [118.7805, 32.0428],
  ],
  ["夫子庙 东牌坊", "夫子庙街道 01 网格", "贡院街东口牌坊下，秦淮河北岸", [118.789, 32.0207]],
  ["玄武湖 玄武门", "玄武门街道 05 网格", "玄武巷 1 号，玄武门城墙外广场", [118.7846, 32.0713]],
  ["南京站 南广场", "红山街道 02 网格", "龙蟠路 111 号，南广场公交站旁", [118.7925, 32.087]],
  ["中华门 瓮城北", "双塘街道 04 网格", "中华路与长乐路口，瓮城北门", [118.776, 32.0139]],
  ["鼓楼 广场北", "华侨路街道 06 网格", "鼓楼广场北侧，北京西路口", [118.7786, 32.0604]],
  ["1912 街区 西门", "梅园新村街道 02 网格", "太平北路 52 号，街区西入口", [118.7899, 32.0487]],
  ["老门东 牌坊", "夫子庙街道 07 网格", "剪子巷与箍桶巷口", [118.7842, 32.0136]],
  ["三山街 地铁3号口", "朝天宫街道 01 网格", "中华路与白下路口", [118.7784, 32.0262]],
  ["大行宫 图书馆", "梅园新村街道 05 网格", "中山东路 189 号，南京图书馆前", [118.7902, 32.0413]],
  ["鸡鸣寺 路口", "玄武门街道 01 网格", "鸡鸣寺路与北京东路口", [118.7911, 32.0596]],
  ["中央门 立交南", "中央门街道 03 网格", "中央路与建宁路口", [118.7735, 32.0842]],
];

export const MAX_PILLARS = CORNERS.length;

export function demoPlaces(count: number): Place[] {
  return CORNERS.slice(0, count).map(([name, grid, address, position], i) => ({
    id: `demo-${String(i + 1).padStart(3, "0")}`,
    name,
    grid,
    address,
    position,
  }));
}
