import t from 'tap';
import { openHotlineStandIn } from './exchange-stand-in.js';
import { openSipWsPhone } from './sip-ws-phone.js';

t.test('a seat on the SIP WebSocket', async (t) => {
  const hotline = await openHotlineStandIn(2, { start: 25400, end: 25999 });
  t.teardown(() => hotline.close());
  const login = { url: hotline.sipWebSocket, user: '1001', password: 'phone-1001' };
  const phone = openSipWsPhone({ ...login, toneHz: 700 });
  t.teardown(() => phone.close());
  await phone.registered;
  t.equal(phone.registrations, 1);

  t.test('answers an INVITE, hears and is hung up', async (t) => {
    await hotline.ring('1001');
    const call = await phone.nextCall();
    t.ok(await call.answered);
    t.ok(await call.ear.heardSound(), 'the hold music of the far side');
    call.hangUp();
    t.match(await call.ended, { byUs: true });
  });

  t.test('a new socket registers again', async (t) => {
    const again = phone.nextRegistration();
    phone.drop();
    await again;
    t.equal(phone.connections, 2);
    await hotline.ring('1001');
    const call = await phone.nextCall();
    t.ok(await call.answered, 'calls find the new socket');
    const over = call.ended;
    await hotline.hangUpAll();
    t.match(await over, { byUs: false });
  });

  t.test('a wrong password is refused', async (t) => {
    const wrong = openSipWsPhone({ ...login, user: '1002', password: 'no' });
    t.teardown(() => wrong.close());
    await t.rejects(wrong.registered, /REGISTER was answered 40[13]/);
  });
});
