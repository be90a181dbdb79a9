import { parseFile, readText, writeJson } from '../crypto/index.js';
import { CountersealError } from '../errors.js';
import { HOME_HINT, homePaths, MemberConfig } from './home.js';
import { NO_PRIVACY_MEASURES, PrivacyConfig } from './privacy.js';

/** The privacy section of a member's folder. Throws as {@link readText} and {@link parseFile} do. */
export async function readPrivacy(folder: string): Promise<PrivacyConfig> {
  return (await readConfig(folder)).privacy ?? NO_PRIVACY_MEASURES;
}

/** Changes the privacy section; answers it. Throws as {@link readPrivacy}, and `invalid_argument` with the field. */
export async function writePrivacy(folder: string, change: Partial<PrivacyConfig>): Promise<PrivacyConfig> {
  const config = await readConfig(folder);
  const { data: privacy, error } = PrivacyConfig.safeParse({ ...config.privacy, ...change });
  if (error) {
    const [issue] = error.issues;
    const field = issue!.path.join('.');
    throw new CountersealError('invalid_argument', `${field}: ${issue!.message}`, { field });
  }
  await writeJson(homePaths(folder).config, { ...config, privacy });
  return privacy;
}

async function readConfig(folder: string): Promise<MemberConfig> {
  const { config } = homePaths(folder);
  return parseFile(MemberConfig, await readText(config, HOME_HINT), config);
}
