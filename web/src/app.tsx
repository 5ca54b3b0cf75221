import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { App as AntApp, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { Refused } from './api/client'
import { PreferencesProvider, usePreferences } from './kit/preferences'
import { router } from './routes'
import './texts'
import { themeOf } from './ui/theme'

const client = new QueryClient({
  defaultOptions: {
    queries: { retry: (count, e) => !(e instanceof Refused) && count < 2, refetchOnWindowFocus: false },
  },
})

function Themed() {
  const { language, dark } = usePreferences()
  return (
    <ConfigProvider button={{ autoInsertSpace: false }} theme={themeOf(dark)} locale={language === 'zh' ? zhCN : enUS}>
      <AntApp component={false}>
        <RouterProvider router={router} />
      </AntApp>
    </ConfigProvider>
  )
}

export const App = () => (
  <QueryClientProvider client={client}>
    <PreferencesProvider>
      <Themed />
    </PreferencesProvider>
  </QueryClientProvider>
)
