import { useQuery } from '@tanstack/react-query'
import { Button, Checkbox, Dropdown, Empty, Input, Select, Table, type TableColumnsType } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress, type Search } from './address'
import { ProblemBox } from './problem'

export type Filter = { name: string; label: string; options?: { value: string; label: string }[]; type?: 'date' | 'month' }

type Props<Row> = {
  name: string
  fetch: (search: Search) => Promise<{ rows: Row[]; next?: string | null }>
  columns: TableColumnsType<Row>
  rowKey: (row: Row) => string
  filters?: Filter[]
  empty: string
  extra?: ReactNode
  /** Name of its place in the address, when a page has several lists. */
  place?: string
}

/** A filter that is applied on enter or when it is left. */
function TextFilter({ filter, value, apply }: { filter: Filter; value?: string; apply: (value: string) => void }) {
  return (
    <label>
      {filter.label}
      <Input
        key={value}
        defaultValue={value}
        type={filter.type ?? 'text'}
        allowClear
        style={{ width: 160 }}
        onPressEnter={(e) => apply(e.currentTarget.value)}
        onBlur={(e) => e.target.value !== (value ?? '') && apply(e.target.value)}
        onClear={() => apply('')}
      />
    </label>
  )
}

/** The one list: filters and place in the address, pages by cursor, columns to choose, all states. */
export function List<Row extends object>({ name, fetch, columns, rowKey, filters = [], empty, extra, place = 'cursor' }: Props<Row>) {
  const { t } = useTranslation()
  const { search, set } = useAddress()
  const [hidden, setHidden] = useState<string[]>(() => JSON.parse(localStorage.getItem(`columns.${name}`) ?? '[]') as string[])
  const query = useQuery({ queryKey: [name, search], queryFn: () => fetch({ ...search, cursor: search[place] }), placeholderData: (old) => old })
  const choose = (keys: string[]) => {
    localStorage.setItem(`columns.${name}`, JSON.stringify(keys))
    setHidden(keys)
  }
  const shown = columns.filter((c) => !hidden.includes(String(c.key)))
  const filtered = filters.some((f) => search[f.name])
  return (
    <>
      <div className="filters">
        {filters.map((f) =>
          f.options ? (
            <label key={f.name}>
              {f.label}
              <Select value={search[f.name] ?? ''} style={{ width: 150 }} options={[{ value: '', label: t('filter.all') }, ...f.options]} onChange={(v) => set({ [f.name]: v, [place]: undefined })} />
            </label>
          ) : (
            <TextFilter key={f.name} filter={f} value={search[f.name]} apply={(v) => set({ [f.name]: v, [place]: undefined })} />
          ),
        )}
        <Dropdown
          trigger={['click']}
          popupRender={() => (
            <div className="panel" style={{ padding: 12 }}>
              <Checkbox.Group
                style={{ display: 'flex', flexDirection: 'column', gap: 4 }}
                value={columns.map((c) => String(c.key)).filter((k) => !hidden.includes(k))}
                options={columns.map((c) => ({ value: String(c.key), label: String(c.title) }))}
                onChange={(keys) => choose(columns.map((c) => String(c.key)).filter((k) => !keys.includes(k)))}
              />
            </div>
          )}
        >
          <Button>{t('action.columns')}</Button>
        </Dropdown>
        {filtered && <Button type="link" onClick={() => set(Object.fromEntries([...filters.map((f) => [f.name, '']), [place, '']]))}>{t('filter.clear')}</Button>}
        {extra}
      </div>
      {query.error ? (
        <ProblemBox error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Table<Row>
          size="middle"
          rowKey={rowKey}
          columns={shown}
          dataSource={query.data?.rows}
          loading={query.isPending}
          pagination={false}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty description={filtered ? t('list.nothing_found') : empty} /> }}
        />
      )}
      <div className="row" style={{ marginTop: 12, justifyContent: 'flex-end' }}>
        {search[place] && <Button onClick={() => set({ [place]: undefined })}>{t('action.first_page')}</Button>}
        {query.data?.next && <Button onClick={() => set({ [place]: query.data?.next ?? undefined })}>{t('action.next_page')}</Button>}
      </div>
    </>
  )
}
