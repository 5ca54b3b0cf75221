import { theme, type ThemeConfig } from 'antd'

/** antd wears the tokens of ui/base.css. */
export const themeOf = (dark: boolean): ThemeConfig => ({
  algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
  token: {
    // Moving parts are left out for those whose system asks for it; antd then waits for no animation to end.
    motion: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
    colorPrimary: dark ? '#7b93ff' : '#2747d8',
    colorSuccess: dark ? '#4fc27f' : '#17703d',
    colorSuccessBg: dark ? '#12291c' : '#e8f6ee',
    colorSuccessBorder: dark ? '#24543a' : '#b4dfc6',
    colorWarning: dark ? '#e0a63a' : '#8a5200',
    colorWarningBg: dark ? '#33270f' : '#fff6e0',
    colorWarningBorder: dark ? '#5c4717' : '#f0d9a3',
    colorError: dark ? '#ff7b7b' : '#c92a2a',
    colorTextBase: dark ? '#e9ecf5' : '#1c2130',
    colorTextDescription: dark ? '#aeb6c8' : '#525a6b',
    colorTextSecondary: dark ? '#aeb6c8' : '#525a6b',
    colorTextTertiary: dark ? '#aeb6c8' : '#525a6b',
    colorTextPlaceholder: dark ? '#8b94a8' : '#697182',
    colorBgLayout: dark ? '#12151d' : '#f5f6f9',
    colorBgContainer: dark ? '#191d28' : '#ffffff',
    colorBorderSecondary: dark ? '#2b3142' : '#e4e7ee',
    borderRadius: 6,
    fontFamily: "'Inter','PingFang SC','Noto Sans CJK SC','Microsoft YaHei',system-ui,sans-serif",
  },
})
