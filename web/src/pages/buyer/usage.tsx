import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert, Button, Statistic } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Chart } from '../../kit/charts'
import { useDecision } from '../../kit/decide'
import { chartMoney, isMore, sumOf } from '../../kit/money'
import { Await } from '../../kit/page'
import { Id, moneyText, Time, useText } from '../../kit/show'
import { TierTable } from '../store/tiers'
import { Holds } from './holds'
import { Left } from './package'

type Usage = Schemas['UsageView']

function Shown({ usage }: { usage: Usage }) {
  const { t } = useTranslation()
  const text = useText()
  const unit = text(usage.unit)
  const currency = usage.due.currency
  const sum = sumOf(
    usage.days.map((d) => d.amount),
    usage.due,
  )
  const places = usage.days.map((d) => d.day.slice(5))
  const drawn = usage.days.some((d) => Number(d.from_packages) !== 0)
  const used = [
    {
      name: drawn ? t('package.charged', { unit }) : unit,
      tone: 'brand' as const,
      values: usage.days.map((d) => Number(d.quantity)),
    },
    ...(drawn
      ? [
          {
            name: t('package.covered', { unit }),
            tone: 'ok' as const,
            values: usage.days.map((d) => Number(d.from_packages)),
          },
        ]
      : []),
  ]
  return (
    <div className="stack">
      {isMore(usage.due) && (
        <Alert
          type="warning"
          showIcon
          title={t('usage.owed', { amount: moneyText(usage.due) })}
          action={<Link to="/buyer/wallet">{t('wallet.top_up')}</Link>}
        />
      )}
      <Holds holds={usage.holds} unit={unit} />
      {usage.packages.map((p) => (
        <Left key={p.instance} of={p} linked />
      ))}
      {usage.days.length === 0 ? (
        <p className="muted">{t('usage.nothing_yet')}</p>
      ) : (
        <>
          <div className="row" style={{ gap: 32 }}>
            <Statistic title={t('usage.cost_90')} value={moneyText(sum)} />
            <div className="dim">
              {t('usage.until')} <Time at={usage.until} />
            </div>
          </div>
          <Chart
            title={t('usage.chart', { what: text(usage.name), unit })}
            axis={t('chart.day')}
            places={places}
            series={used}
          />
          <Chart
            title={t('usage.chart_cost')}
            axis={t('chart.day')}
            places={places}
            series={[{ name: currency, tone: 'ok', values: usage.days.map((d) => Number(d.amount.amount)) }]}
            text={(v) => moneyText(chartMoney(v, usage.due))}
          />
        </>
      )}
      <TierTable
        unit={unit}
        model={usage.model}
        accumulation={usage.accumulation}
        tiers={usage.tiers}
        currency={currency}
      />
    </div>
  )
}

/** What an instance that is billed by use counted and cost, day by day. */
export function UsagePanel({ instance }: { instance: string }) {
  const query = useQuery({
    queryKey: ['usage', instance],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}/usage', { params: { path: { id: instance } } })),
  })
  return <Await query={query}>{(usage) => <Shown usage={usage} />}</Await>
}

/** Ends an instance that is billed by use, after a question. */
export function ReleaseButton({ instance }: { instance: Schemas['InstanceView'] }) {
  const { t } = useTranslation()
  const text = useText()
  const { ask } = useDecision()
  const release = useAction(
    () => unwrap(api.POST('/api/v1/instances/{id}/release', { params: { path: { id: instance.id } } })),
    undefined,
    t('usage.released'),
  )
  return (
    <Button
      danger
      loading={release.isPending}
      onClick={() =>
        ask(
          {
            title: t('usage.release_sure'),
            about: [
              [t('field.product'), text(instance.product_name)],
              [t('field.instance'), <Id key="i" of={instance.id} />],
            ],
            sure: t('usage.release_text'),
            ok: t('usage.release'),
            danger: true,
          },
          () => release.mutateAsync(undefined),
        )
      }
    >
      {t('usage.release')}
    </Button>
  )
}
