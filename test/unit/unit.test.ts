import fc from 'fast-check';
import t from 'tap';
import { demoUnits } from '../../src/unit/demo-units.js';
import { subtreeOf, type Unit } from '../../src/unit/unit.js';
import { addUnits, listUnits } from '../../src/unit/unit-store.js';
import { openTestDatabase } from '../support/database.js';

t.test('a unit and everything below it', async (t) => {
  t.same(subtreeOf(demoUnits, 'riverside-town'), ['riverside-town', 'riverside-east']);
  t.same(subtreeOf(demoUnits, 'riverside-east'), ['riverside-east']);
  t.equal(subtreeOf(demoUnits, 'city').length, demoUnits.length);
  t.same(subtreeOf(demoUnits, 'nobody'), []);
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const anyParents = fc.array(fc.option(fc.constantFrom(...ids)), { minLength: 5, maxLength: 5 });
  fc.assert(
    fc.property(anyParents, fc.constantFrom(...ids), (parents, top) => {
      const units: Unit[] = ids.map((id, i) => ({ id, name: id, kind: 'town', parentId: parents[i] ?? null }));
      const found = subtreeOf(units, top);
      const below = units.filter(({ parentId }) => parentId !== null && found.includes(parentId));
      return new Set(found).size === found.length && below.every(({ id }) => found.includes(id));
    }),
  );
});

t.test('the demo’s units, added once', async (t) => {
  const { db } = await openTestDatabase(t);
  t.same(await listUnits(db), []);
  await addUnits(db, demoUnits);
  await addUnits(db, demoUnits);
  const byId = [...demoUnits].sort((a, b) => (a.id < b.id ? -1 : 1));
  t.same(
    (await listUnits(db)).sort((a, b) => (a.id < b.id ? -1 : 1)),
    byId,
  );
});
