import { Button, Tag, Tooltip } from 'antd'
import { Link, useRouterState } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { onVersion, useDecision } from '../../kit/decide'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { State, Time, useText } from '../../kit/show'

type Health = Schemas['HealthView']
type Probe = Schemas['ProbeView']

/** The last days as a row of squares: green when a probe passed, red when none did. */
function Days({ days }: { days: Health['days'] }) {
  const { t } = useTranslation()
  const good = days.filter((d) => d.passed > 0).length
  if (days.length === 0) return <span className="dim">{t('health.never')}</span>
  return (
    <span
      role="img"
      aria-label={t('health.days_label', { good, of: days.length })}
      style={{ display: 'inline-flex', gap: 2 }}
    >
      {days.map((d) => (
        <Tooltip key={d.day} title={t('health.day', { day: d.day, passed: d.passed, failed: d.failed })}>
          <i
            style={{
              width: 8,
              height: 18,
              borderRadius: 2,
              background: d.passed === 0 ? 'var(--bad)' : d.failed > 0 ? 'var(--warn)' : 'var(--ok)',
            }}
          />
        </Tooltip>
      ))}
    </span>
  )
}

function ProbeNow({ product }: { product: Health }) {
  const { t } = useTranslation()
  const probe = useAction(() =>
    unwrap(api.POST('/api/v1/seller/products/{id}/probe', { params: { path: { id: product.id } }, body: {} })),
  )
  const off = product.no_server || product.visibility === 'stopped'
  return (
    <Tooltip title={off ? t('health.no_server') : ''}>
      <Button size="small" disabled={off} loading={probe.isPending} onClick={() => probe.mutate(undefined)}>
        {t('health.probe_now')}
      </Button>
    </Tooltip>
  )
}

/** Stops trading of a product, or lets it go on once its interface was mended. */
function Trading({ of }: { of: Health }) {
  const { t } = useTranslation()
  const text = useText()
  const { askWhy } = useDecision()
  // On a narrow screen the row's name is out of sight by the time its button is pressed.
  const about: [string, string][] = [
    [t('field.product'), text(of.name)],
    [t('field.site'), t(`site.${of.site}`)],
    [t('field.seller'), of.seller_name],
  ]
  const params = { path: { id: of.id }, header: onVersion(of) }
  const stop = useAction((reason: string) =>
    unwrap(api.POST('/api/v1/operator/products/{id}/freeze', { params, body: { reason } })),
  )
  const go = useAction((reason: string) =>
    unwrap(api.POST('/api/v1/operator/products/{id}/unfreeze', { params, body: { reason } })),
  )
  if (of.visibility === 'frozen')
    return (
      <Button
        size="small"
        onClick={() => askWhy({ title: t('health.let_go_on'), about, ok: t('health.let_go_on') }, go.mutateAsync)}
      >
        {t('health.let_go_on')}
      </Button>
    )
  if (of.visibility === 'stopped') return null
  return (
    <Button
      size="small"
      danger
      onClick={() =>
        askWhy({ title: t('health.stop_trading'), about, ok: t('health.stop_trading'), danger: true }, stop.mutateAsync)
      }
    >
      {t('health.stop_trading')}
    </Button>
  )
}

/** How production interfaces do: failing days, failed orders, and every probe. */
export function InterfaceHealth() {
  const { t } = useTranslation()
  const text = useText()
  const role = useRouterState({ select: (s) => s.location.pathname.split('/')[1] ?? 'seller' })
  const limit = (n: number, max: number) => (
    <Tag color={n === 0 ? 'green' : n >= max ? 'red' : 'gold'}>
      {n} / {max}
    </Tag>
  )
  return (
    <Page title={t('nav.health')} purpose={t('health.purpose')}>
      <div className="stack">
        <div>
          <List<Health>
            name="interface-health"
            rowKey={(h) => h.id}
            empty={t('health.empty')}
            place="products"
            fetch={async (_, paging) => {
              const data = await unwrap(
                api.GET('/api/v1/interface-health', { params: { query: { as: role, ...paging } } }),
              )
              return { rows: data.products, next: data.next }
            }}
            columns={[
              {
                key: 'name',
                title: t('field.product'),
                value: (h) => text(h.name),
                render: (h) => (
                  <>
                    <Link to="/products/$product" params={{ product: h.id } as never}>
                      {text(h.name)}
                    </Link>
                    <div className="dim mono">{h.key}</div>
                  </>
                ),
              },
              ...(role === 'operator'
                ? [
                    { key: 'site', title: t('nav.site'), value: (h: Health) => t(`site.${h.site}`) },
                    { key: 'seller', title: t('field.seller'), value: (h: Health) => h.seller_name },
                  ]
                : []),
              {
                key: 'state',
                title: t('field.state'),
                value: (h) => t(`state.${h.visibility}`),
                render: (h) => <State of={h.visibility} />,
              },
              {
                key: 'days',
                title: t('health.days'),
                value: (h) => h.days.map((d) => `${d.day}:${d.passed}/${d.failed}`).join(' '),
                render: (h) =>
                  h.no_server ? <span className="dim">{t('health.no_server')}</span> : <Days days={h.days} />,
              },
              {
                key: 'failing',
                title: t('health.failing'),
                value: (h) => h.failing_days,
                render: (h) => limit(h.failing_days, h.failing_days_max),
              },
              {
                key: 'orders',
                title: t('health.orders'),
                value: (h) => h.failed_orders,
                render: (h) => limit(h.failed_orders, h.failed_orders_max),
              },
              {
                key: 'newest',
                title: t('health.newest'),
                value: (h) => h.newest?.at,
                render: (h) => <Time at={h.newest?.at} />,
              },
              {
                key: 'do',
                title: t('field.actions'),
                render: (h) => (role === 'seller' ? <ProbeNow product={h} /> : <Trading of={h} />),
              },
            ]}
          />
        </div>
        <section>
          <h2>{t('health.probes')}</h2>
          <List<Probe>
            name="probes"
            rowKey={(p) => `${p.product_id} ${p.at}`}
            empty={t('health.no_probes')}
            fetch={async ({ result }, paging) => {
              const data = await unwrap(
                api.GET('/api/v1/probes', { params: { query: { as: role, result, ...paging } } }),
              )
              return { rows: data.probes, next: data.next }
            }}
            filters={[
              {
                name: 'result',
                label: t('field.state'),
                options: ['passed', 'failed'].map((value) => ({ value, label: t(`health.${value}`) })),
              },
            ]}
            columns={[
              {
                key: 'at',
                title: t('field.at'),
                sort: 'created',
                value: (p) => p.at,
                render: (p) => <Time at={p.at} />,
              },
              {
                key: 'product',
                title: t('health.product_id'),
                value: (p) => p.product,
                render: (p) => (
                  <span className="mono" title={p.product_id}>
                    {p.product}
                  </span>
                ),
              },
              {
                key: 'result',
                title: t('field.state'),
                value: (p) => t(`health.${p.result}`),
                render: (p) => (
                  <>
                    <Tag color={p.result === 'passed' ? 'green' : 'red'}>{t(`health.${p.result}`)}</Tag>
                    {p.froze && <Tag color="red">{t('health.froze')}</Tag>}
                  </>
                ),
              },
              {
                key: 'case',
                title: t('health.case'),
                value: (p) => p.failed_case && t(`scenario.${p.failed_case}`, { defaultValue: p.failed_case }),
              },
              {
                key: 'reason',
                title: t('health.why'),
                value: (p) => p.reason,
                render: (p) => <div style={{ maxWidth: 420, whiteSpace: 'normal' }}>{p.reason}</div>,
              },
              { key: 'cases', title: t('addresses.cases'), align: 'right', value: (p) => p.cases },
              {
                key: 'ms',
                title: t('health.duration'),
                align: 'right',
                value: (p) => p.duration_ms,
                render: (p) => `${p.duration_ms} ms`,
              },
            ]}
          />
        </section>
      </div>
    </Page>
  )
}
