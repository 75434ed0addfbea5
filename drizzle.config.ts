import { defineConfig } from 'drizzle-kit';

/** `npx drizzle-kit generate --name <what>` writes the next numbered file below migrations/; read it before committing. */
export default defineConfig({ dialect: 'postgresql', schema: './src/**/*-table.ts', out: './migrations' });
