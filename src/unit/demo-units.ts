import type { Unit } from './unit.js';

/** A made-up small city, so that a fresh installation has somewhere to send tickets. */
export const demoUnits: readonly Unit[] = [
  { id: 'city', name: '市人民政府', kind: 'government', parentId: null },
  { id: 'housing', name: '市住房和城乡建设局', kind: 'department', parentId: 'city' },
  { id: 'human-resources', name: '市人力资源和社会保障局', kind: 'department', parentId: 'city' },
  { id: 'public-security', name: '市公安局', kind: 'department', parentId: 'city' },
  { id: 'transport', name: '市交通运输局', kind: 'department', parentId: 'city' },
  { id: 'education', name: '市教育局', kind: 'department', parentId: 'city' },
  { id: 'health', name: '市卫生健康委员会', kind: 'department', parentId: 'city' },
  { id: 'market', name: '市市场监督管理局', kind: 'department', parentId: 'city' },
  { id: 'urban-management', name: '市城市管理局', kind: 'department', parentId: 'city' },
  { id: 'ecology', name: '市生态环境局', kind: 'department', parentId: 'city' },
  { id: 'water-company', name: '市自来水公司', kind: 'utility', parentId: 'city' },
  { id: 'riverside-town', name: '滨河镇人民政府', kind: 'town', parentId: 'city' },
  { id: 'riverside-east', name: '滨河镇东街社区', kind: 'community', parentId: 'riverside-town' },
];
