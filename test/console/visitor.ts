import type { Page } from 'playwright-core';
import type { StandIn } from './stand-in.js';

export async function signIn(page: Page): Promise<void> {
  await page.getByLabel('用户名').fill('1001');
  await page.getByLabel('密码').fill('right-password');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '来电记录' }).waitFor();
}

/** Signed in, at seat 1001, ready; with the browser's phone registered. */
export async function ready({ page, standIn }: { page: Page; standIn: StandIn }, phone = true): Promise<void> {
  await signIn(page);
  await page.getByRole('button', { name: '入座' }).click();
  if (phone) {
    await page.getByLabel('网页电话').check();
    await page.getByText('已注册').waitFor();
  }
  await page.getByRole('button', { name: '就绪', exact: true }).click();
  await page.locator('.state[data-state=ready]').waitFor();
  await until(page, () => standIn.sinces.length > 0);
}

/** Waits for what only the stand-in or the page's inside tells. */
export async function until(page: Page, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 400) throw new Error(`never came true: ${holds}`);
    await page.waitForTimeout(25);
  }
}

/** What runs in the page gets its document from here: the tests are compiled without the browser's types. */
export const root = (page: Page) => page.locator('html');
