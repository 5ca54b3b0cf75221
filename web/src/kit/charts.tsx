import { Skeleton } from 'antd'
import { lazy, Suspense, type ComponentProps } from 'react'

const Loaded = lazy(() => import('./chart').then((m) => ({ default: m.Chart })))

/** A chart; its library comes only with the first page that has one. */
export const Chart = (props: ComponentProps<typeof Loaded>) => (
  <Suspense fallback={<Skeleton active paragraph={{ rows: 4 }} />}>
    <Loaded {...props} />
  </Suspense>
)
