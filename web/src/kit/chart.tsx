import { BarChart, LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsCoreOption } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { Button, Table } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usePreferences } from './preferences'

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, AriaComponent, SVGRenderer])

/** A row of figures: one value for each place of the axis. */
type Series = { name: string; values: number[]; tone: 'brand' | 'ok' | 'bad' | 'quiet' }

type Props = {
  /** What is shown, for the table and for screen readers. */
  title: string
  axis: string
  places: string[]
  series: Series[]
  kind?: 'bar' | 'line'
  stacked?: boolean
  /** How a value is written. */
  text?: (value: number) => string
}

const variables: Record<Series['tone'], string> = { brand: '--brand', ok: '--ok', bad: '--bad', quiet: '--ink-3' }
/** Patterns beside colours, so that it can be read in grey. */
const dashes = ['solid', 'dashed', 'dotted']

function optionOf({ places, series, kind = 'bar', stacked, text = String }: Props): EChartsCoreOption {
  const styles = getComputedStyle(document.documentElement)
  const token = (name: string) => styles.getPropertyValue(name).trim()
  const axis = {
    axisLine: { lineStyle: { color: token('--line') } },
    axisLabel: { color: token('--ink-2') },
    splitLine: { lineStyle: { color: token('--line') } },
  }
  return {
    animation: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
    aria: { enabled: true, decal: { show: series.length > 1 } },
    grid: { left: 8, right: 8, top: series.length > 1 ? 36 : 12, bottom: 4, containLabel: true },
    legend: series.length > 1 ? { top: 0, left: 0, textStyle: { color: token('--ink-2') } } : undefined,
    tooltip: {
      trigger: 'axis',
      valueFormatter: (v: unknown) => text(Number(v)),
      backgroundColor: token('--card'),
      borderColor: token('--line'),
      textStyle: { color: token('--ink') },
    },
    xAxis: { type: 'category', data: places, ...axis },
    // Between whole figures there is nothing to mark.
    yAxis: {
      type: 'value',
      minInterval: series.every((s) => s.values.every((v) => Number.isInteger(v) || Number.isNaN(v))) ? 1 : undefined,
      ...axis,
      axisLabel: { ...axis.axisLabel, formatter: (v: number) => text(v) },
    },
    series: series.map((s, i) => ({
      type: kind,
      name: s.name,
      data: s.values.map((v) => (Number.isNaN(v) ? null : v)),
      stack: stacked ? 'all' : undefined,
      itemStyle: { color: token(variables[s.tone]) },
      lineStyle: { type: dashes[i % dashes.length] },
      barMaxWidth: 36,
    })),
  }
}

/** Figures as a picture, with the same figures as a table behind it. */
export function Chart(props: Props) {
  const { t } = useTranslation()
  const { dark } = usePreferences()
  const place = useRef<HTMLDivElement>(null)
  const [table, setTable] = useState(false)
  const { title, axis, places, series, text = String } = props
  // biome-ignore lint/correctness/useExhaustiveDependencies: its colours are those of the theme
  useEffect(() => {
    if (table || !place.current) return
    const chart = init(place.current, undefined, { renderer: 'svg' })
    chart.setOption(optionOf(props))
    const resized = new ResizeObserver(() => chart.resize())
    resized.observe(place.current)
    return () => {
      resized.disconnect()
      chart.dispose()
    }
  }, [props, dark, table])
  const textOf = (value?: number) => (value === undefined || Number.isNaN(value) ? '–' : text(value))
  const rows = places.map((at, i) => ({ at, ...Object.fromEntries(series.map((s) => [s.name, textOf(s.values[i])])) }))
  return (
    <section className="panel" style={{ padding: 24 }} aria-label={title}>
      <div className="row" style={{ justifyContent: 'space-between' }}>
        <h2>{title}</h2>
        <Button size="small" aria-pressed={table} onClick={() => setTable(!table)}>
          {t(table ? 'chart.picture' : 'chart.table')}
        </Button>
      </div>
      {table ? (
        <Table
          size="small"
          rowKey="at"
          pagination={false}
          dataSource={rows}
          scroll={{ x: 'max-content' }}
          columns={[
            { key: 'at', title: axis, dataIndex: 'at' },
            ...series.map((s) => ({ key: s.name, title: s.name, dataIndex: s.name, align: 'right' as const })),
          ]}
        />
      ) : (
        <div ref={place} role="img" aria-label={title} style={{ height: 220 }} />
      )}
    </section>
  )
}
