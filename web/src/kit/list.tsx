import { DownloadOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Button, Checkbox, Dropdown, Empty, Grid, Input, Select, Skeleton, Table, type TableColumnsType } from 'antd'
import { Fragment, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useAddress, type Search } from './address'
import { csv, download } from './csv'
import { ProblemBox } from './problem'

type Filter = {
  name: string
  label: string
  options?: { value: string; label: string }[]
  type?: 'date' | 'month'
}

/** A column: its plain value, which is exported, and how that is shown. */
export type Column<Row> = {
  key: string
  title: string
  value?: (row: Row) => string | number | null | undefined
  render?: (row: Row) => ReactNode
  align?: 'right'
  /** The server's name of the sort by this column. */
  sort?: string
  /** Stands in the file alone: on the page another column tells it. */
  file?: true
}

/** What every list asks of the server beside its filters. */
type Paging = { limit?: string; cursor?: string; direction?: string }

type Fetch<Row> = (search: Search, paging: Paging) => Promise<{ rows: Row[]; next?: string | null }>

type Props<Row> = {
  name: string
  fetch: Fetch<Row>
  columns: Column<Row>[]
  rowKey: (row: Row) => string
  filters?: Filter[]
  empty: string
  extra?: ReactNode
  /** Name of its place in the address, when a page has several lists. */
  place?: string
  /** How it is sorted when nobody said otherwise. */
  usual?: { sort: string; direction: 'asc' | 'desc' }
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

/** Which columns a reader of this list wants to see, remembered. */
function useHidden(name: string) {
  const [hidden, setHidden] = useState<string[]>(
    () => JSON.parse(localStorage.getItem(`columns.${name}`) ?? '[]') as string[],
  )
  const hide = (keys: string[]) => {
    localStorage.setItem(`columns.${name}`, JSON.stringify(keys))
    setHidden(keys)
  }
  return { hidden, hide }
}

function ColumnChooser<Row>({
  columns,
  hidden,
  hide,
}: {
  columns: Column<Row>[]
  hidden: string[]
  hide: (keys: string[]) => void
}) {
  const { t } = useTranslation()
  const all = columns.map((c) => c.key)
  const choice = (
    <div className="panel" style={{ padding: 12 }}>
      <Checkbox.Group
        style={{ display: 'flex', flexDirection: 'column', gap: 4 }}
        value={all.filter((k) => !hidden.includes(k))}
        options={columns.map((c) => ({ value: c.key, label: c.title }))}
        onChange={(keys) => hide(all.filter((k) => !keys.includes(k)))}
      />
    </div>
  )
  return (
    <Dropdown trigger={['click']} popupRender={() => choice}>
      <Button>{t('action.columns')}</Button>
    </Dropdown>
  )
}

/** Every row that the filters let through as a CSV file; says how far it is, a second click stops it. */
function ExportButton<Row>({
  name,
  fetch,
  search,
  direction,
  columns,
}: {
  name: string
  fetch: Fetch<Row>
  search: Search
  direction?: string
  columns: Column<Row>[]
}) {
  const { t } = useTranslation()
  const [count, setCount] = useState<number | null>(null)
  const [error, setError] = useState<unknown>(null)
  const stop = useRef(false)
  const run = async () => {
    if (count !== null) {
      stop.current = true
      return
    }
    stop.current = false
    setError(null)
    const shown = columns.filter((c) => c.value)
    const rows: unknown[][] = [shown.map((c) => c.title)]
    try {
      let cursor: string | undefined
      do {
        setCount(rows.length - 1)
        const page = await fetch(search, { limit: '100', cursor, direction })
        rows.push(...page.rows.map((row) => shown.map((c) => c.value?.(row))))
        cursor = page.next ?? undefined
      } while (cursor && !stop.current)
      if (!stop.current) download(`${name}.csv`, csv(rows))
    } catch (e) {
      setError(e)
    }
    setCount(null)
  }
  return (
    <>
      <Button icon={<DownloadOutlined />} onClick={() => void run()}>
        {count === null ? 'CSV' : t('list.exporting', { count })}
      </Button>
      {error !== null && <ProblemBox error={error} retry={() => void run()} />}
    </>
  )
}

/** What is not there is not told. */
const missing = (x: unknown) => x === null || x === undefined || x === false || x === '' || x === '–'

/** The rows where a table has no room: a card for each, with what is done with it in reach. */
function Cards<Row>({
  columns,
  rows,
  rowKey,
  empty,
}: {
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => string
  empty: string
}) {
  if (rows.length === 0) return <Empty description={empty} />
  const shown = (column: Column<Row>, row: Row) => (column.render ? column.render(row) : column.value?.(row))
  const [first, ...others] = columns.filter((c) => c.key !== 'do')
  const actions = columns.find((c) => c.key === 'do')
  return (
    <ul className="cards">
      {rows.map((row) => (
        <li key={rowKey(row)} className="panel" data-row-key={rowKey(row)}>
          {first && <div className="card-head">{shown(first, row)}</div>}
          <dl>
            {others.map((column) => {
              const content = shown(column, row)
              if (missing(content) || (column.value && missing(column.value(row)))) return null
              return (
                <Fragment key={column.key}>
                  <dt>{column.title}</dt>
                  <dd>{content}</dd>
                </Fragment>
              )
            })}
          </dl>
          {actions && shown(actions, row)}
        </li>
      ))}
    </ul>
  )
}

/** What a table is sorted by at its head. */
function SortChoice<Row>({
  columns,
  sort,
  direction,
  choose,
}: {
  columns: Column<Row>[]
  sort: string
  direction: string
  choose: (key: string, way: 'ascend' | 'descend') => void
}) {
  const { t } = useTranslation()
  const sortable = columns.filter((c) => c.sort)
  const now = sortable.find((c) => c.sort === sort)
  if (sortable.length === 0) return null
  return (
    <Select
      aria-label={t('list.sort')}
      style={{ width: '100%', marginBottom: 12 }}
      value={now && `${now.key} ${direction === 'asc' ? 'ascend' : 'descend'}`}
      options={sortable.flatMap((c) => [
        { value: `${c.key} descend`, label: `${c.title} ↓` },
        { value: `${c.key} ascend`, label: `${c.title} ↑` },
      ])}
      onChange={(chosen) => {
        const [key = '', way] = chosen.split(' ')
        choose(key, way === 'ascend' ? 'ascend' : 'descend')
      }}
    />
  )
}

/** The one list: filters, order and place in the address, pages by cursor, columns to choose, export, all states. */
export function List<Row extends object>({
  name,
  fetch,
  columns,
  rowKey,
  filters = [],
  empty,
  extra,
  place = 'cursor',
  usual = { sort: 'created', direction: 'desc' },
}: Props<Row>) {
  const { t } = useTranslation()
  const { search, set } = useAddress()
  const { hidden, hide } = useHidden(name)
  const [bySort, byDirection] = place === 'cursor' ? ['sort', 'direction'] : [`${place}-sort`, `${place}-direction`]
  const sort = search[bySort] ?? usual.sort
  const direction = search[byDirection]
  const asked = { ...search, sort: search[bySort] }
  const query = useQuery({
    queryKey: [name, search],
    queryFn: () => fetch(asked, { cursor: search[place], direction }),
    placeholderData: (old) => old,
  })
  // A table where there is room, with what is done with a row always in sight; else a card for each row.
  const wide = Grid.useBreakpoint().md ?? false
  const filtered = filters.some((f) => search[f.name])
  const told = columns.filter((c) => !c.file)
  const shown: TableColumnsType<Row> = told
    .filter((c) => !hidden.includes(c.key))
    .map((c) => ({
      key: c.key,
      title: c.title,
      align: c.align,
      ...(c.key === 'do' && { fixed: 'right' as const }),
      render: (_: unknown, row: Row) => (c.render ? c.render(row) : c.value?.(row)),
      ...(c.sort && {
        sorter: true,
        sortOrder:
          c.sort !== sort
            ? null
            : (direction ?? usual.direction) === 'asc'
              ? ('ascend' as const)
              : ('descend' as const),
      }),
    }))
  const sortBy = (key: unknown, way?: 'ascend' | 'descend' | null) => {
    const column = columns.find((c) => c.key === key)?.sort
    set({
      [bySort]: way && column !== usual.sort ? column : undefined,
      [byDirection]: way ? (way === 'ascend' ? 'asc' : 'desc') : undefined,
      [place]: undefined,
    })
  }
  return (
    <>
      <div className="filters">
        {filters.map((f) =>
          f.options ? (
            <label key={f.name}>
              {f.label}
              <Select
                value={search[f.name] ?? ''}
                style={{ width: 150 }}
                options={[{ value: '', label: t('filter.all') }, ...f.options]}
                onChange={(v) => set({ [f.name]: v, [place]: undefined })}
              />
            </label>
          ) : (
            <TextFilter
              key={f.name}
              filter={f}
              value={search[f.name]}
              apply={(v) => set({ [f.name]: v, [place]: undefined })}
            />
          ),
        )}
        <ColumnChooser columns={told} hidden={hidden} hide={hide} />
        <ExportButton name={name} fetch={fetch} search={asked} direction={direction} columns={columns} />
        {filtered && (
          <Button
            type="link"
            onClick={() => set(Object.fromEntries([...filters.map((f) => [f.name, '']), [place, '']]))}
          >
            {t('filter.clear')}
          </Button>
        )}
        {extra}
      </div>
      {query.error ? (
        <ProblemBox error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <Skeleton active title={false} paragraph={{ rows: 8, width: '100%' }} />
      ) : (
        <>
          {!wide && (
            <SortChoice columns={columns} sort={sort} direction={direction ?? usual.direction} choose={sortBy} />
          )}
          {!wide ? (
            <Cards
              columns={told.filter((c) => !hidden.includes(c.key))}
              rows={query.data?.rows ?? []}
              rowKey={rowKey}
              empty={filtered ? t('list.nothing_found') : empty}
            />
          ) : (
            <Table<Row>
              size="middle"
              rowKey={rowKey}
              columns={shown}
              dataSource={query.data?.rows}
              pagination={false}
              sortDirections={usual.direction === 'asc' ? ['ascend', 'descend'] : ['descend', 'ascend']}
              showSorterTooltip={false}
              onChange={(_page, _filters, sorter) => !Array.isArray(sorter) && sortBy(sorter.columnKey, sorter.order)}
              scroll={{ x: 'max-content' }}
              locale={{ emptyText: <Empty description={filtered ? t('list.nothing_found') : empty} /> }}
            />
          )}
        </>
      )}
      <div className="row" style={{ marginTop: 12, justifyContent: 'flex-end' }}>
        {search[place] && <Button onClick={() => set({ [place]: undefined })}>{t('action.first_page')}</Button>}
        {query.data?.next && (
          <Button onClick={() => set({ [place]: query.data?.next ?? undefined })}>{t('action.next_page')}</Button>
        )}
      </div>
    </>
  )
}
