import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "scripts/"] },
  ...tseslint.configs.strict,
  {
    rules: {
      "max-lines": ["error", 400],
      "max-len": ["error", { code: 100, ignoreUrls: true }],
      "max-params": ["error", 6],
      eqeqeq: "error",
      "no-console": "error",
    },
  },
);
