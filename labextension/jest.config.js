const jestJupyterLab = require('@jupyterlab/testing/lib/jest-config');

const base = jestJupyterLab(__dirname);

// Packages that come as ES modules only.
const esModules = [
  '@codemirror', '@dagrejs', '@jupyter', '@jupyterlab', '@lezer', '@marijn', '@microsoft', '@rjsf', '@xyflow',
  'crelt', 'd3-[a-z]+', 'exenv-es6', 'lib0', 'marked', 'nanoid', 'style-mod', 'vscode-jsonrpc',
  'vscode-ws-jsonrpc', 'w3c-keyname', 'y-protocols', 'y-websocket', 'yjs'
].join('|');

module.exports = {
  ...base,
  rootDir: __dirname,
  reporters: ['default'],
  // A hang is found, on a slow machine too.
  testTimeout: 120000,
  setupFiles: [...base.setupFiles, '<rootDir>/test/setup.js'],
  testRegex: '/test/.*\\.spec\\.tsx?$',
  transform: {
    ...base.transform,
    '^.+\\.tsx?$': ['ts-jest/legacy', { tsconfig: '<rootDir>/tsconfig.jest.json' }],
    // The key is that of the base, whose entry comes first.
    '^.+\\.jsx?$': [
      'babel-jest',
      {
        presets: [],
        plugins: ['@babel/plugin-transform-export-namespace-from', '@babel/plugin-transform-modules-commonjs']
      }
    ]
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules})/)`]
};
