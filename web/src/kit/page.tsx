import { Skeleton } from 'antd'
import { useEffect, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ProblemBox } from './problem'

/** A page: its title, one sentence of purpose, and its actions at the right. */
export function Page({
  title,
  purpose,
  actions,
  above,
  children,
}: {
  title: ReactNode
  purpose?: string
  actions?: ReactNode
  above?: ReactNode
  children: ReactNode
}) {
  const { t } = useTranslation()
  const text = typeof title === 'string' ? title : ''
  useEffect(() => {
    document.title = text ? `${text} · ${t('brand')}` : t('brand')
  }, [text, t])
  return (
    <>
      <div className="page-head">
        <div>
          {above && <div className="dim">{above}</div>}
          <h1>{title}</h1>
          {purpose && <div className="muted">{purpose}</div>}
        </div>
        {actions && <div className="row">{actions}</div>}
      </div>
      {children}
    </>
  )
}

type Loaded<T> = { data?: T; error: unknown; refetch: () => unknown }

/** What is loaded, or that it is loading, or why it is not there. */
export function Await<T>({ query, children }: { query: Loaded<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) return <ProblemBox error={query.error} retry={() => void query.refetch()} />
  return <Skeleton active paragraph={{ rows: 6 }} />
}
