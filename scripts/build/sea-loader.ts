/**
 * Main program of the single executable: runs the bundle with the compiled code that the build
 * kept. A text, because it has to be CommonJS and knows nothing but Node's own modules.
 */
export const SEA_LOADER = `'use strict';
const { getAssetKeys, getRawAsset } = require('node:sea');
const { Script } = require('node:vm');
// The bundle is ASCII; decoded as Latin-1 it needs no second pass and one byte per character.
const source = Buffer.from(getRawAsset('nodeprep.cjs')).latin1Slice();
const cache = getAssetKeys().includes('nodeprep.cache') ? Buffer.from(getRawAsset('nodeprep.cache')) : undefined;
// Compiled code that this Node does not accept is ignored, and the program only starts more slowly.
new Script(source, { filename: 'nodeprep.cjs', cachedData: cache }).runInThisContext()(require, module, exports);
`;
