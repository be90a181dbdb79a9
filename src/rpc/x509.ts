import type * as X509 from '@peculiar/x509';

/** What makes and reads certificate requests, and makes certificates. Few commands do, and it takes 0.2 s to load. */
export async function loadX509(): Promise<typeof X509> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
