import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Alert, Button, Descriptions, Table, Tooltip } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { useAddress } from '../../kit/address'
import { Await, Page } from '../../kit/page'
import { Id, moneyText, State, Time, useText } from '../../kit/show'
import { FlightRecorder } from '../../kit/timeline'
import { Access, OpenApplication } from './access'
import { AutoRenewal } from './auto-renewal'
import { periodsOf } from '../store/buy-box'
import { RenewModal, UpgradeModal, useChoices } from './change'
import { RightsPanel } from '../licence/rights'
import { Applications, ClientsPanel, LicencePanel, LicenceText } from './licence'
import { PackagePanel } from './package'
import { SignOnPanel } from './sign-on'
import { CapPanel } from './caps'
import { ReleaseButton, UsagePanel } from './usage'

type Instance = Schemas['InstanceView']

/** The terms as bars on a time axis, with the same facts as a table below. */
function Terms({ terms }: { terms: Schemas['TermView'][] }) {
  const { t } = useTranslation()
  const at = (time: string) => new Date(time).getTime()
  const from = at(terms[0]?.start ?? '')
  const whole = Math.max(1, at(terms.at(-1)?.end ?? '') - from)
  return (
    <>
      <div className="bar" aria-hidden>
        {terms.map((term) => (
          <span
            key={term.order_line}
            style={{
              left: `${(100 * (at(term.start) - from)) / whole}%`,
              width: `${(100 * (at(term.end) - at(term.start))) / whole}%`,
            }}
          >
            {t(`period.${term.period}`, { defaultValue: term.period })}
          </span>
        ))}
      </div>
      <Table
        style={{ marginTop: 12 }}
        size="small"
        rowKey="order_line"
        pagination={false}
        dataSource={terms}
        scroll={{ x: 'max-content' }}
        columns={[
          { key: 's', title: t('term.start'), render: (_, x) => <Time at={x.start} /> },
          { key: 'e', title: t('term.end'), render: (_, x) => <Time at={x.end} /> },
          { key: 'p', title: t('term.paid'), align: 'right', render: (_, x) => moneyText(x.paid) },
          {
            key: 'o',
            title: t('field.order_number'),
            render: (_, x) => (
              <Link
                to="/buyer/orders/$number"
                params={{ number: x.order_line.split('-')[0] } as never}
                className="mono"
              >
                {x.order_line}
              </Link>
            ),
          },
          {
            key: 'n',
            title: t('field.state'),
            render: (_, x) => (x.not_yet_effective ? t('term.ahead') : t('term.effective')),
          },
        ]}
      />
    </>
  )
}

/** The way to the seller's own page, with a token that says who comes. */
function SetUp({ instance }: { instance: Instance }) {
  const { t } = useTranslation()
  const go = useAction(
    () => unwrap(api.POST('/api/v1/instances/{id}/set-up', { params: { path: { id: instance.id } } })),
    (landing) => leave(landing),
  )
  return (
    <div className="stack">
      <p>{t(instance.state === 'opening' ? 'set_up.waits' : 'set_up.hint')}</p>
      <div>
        <Button type="primary" loading={go.isPending} onClick={() => go.mutate(undefined)}>
          {t('set_up.go')}
        </Button>
      </div>
    </div>
  )
}

/** Goes to the seller's page in a tab of its own: the token is posted as a form, or is in the query. */
function leave(landing: Schemas['LandingView']) {
  const form = document.createElement('form')
  const url = new URL(landing.url)
  form.action = url.href
  form.method = landing.posted ? 'post' : 'get'
  form.target = '_blank'
  form.rel = 'noopener'
  for (const [name, value] of [...(landing.posted ? [] : url.searchParams), [landing.field, landing.token] as const]) {
    const field = document.createElement('input')
    Object.assign(field, { type: 'hidden', name, value })
    form.append(field)
  }
  document.body.append(form)
  form.submit()
  form.remove()
}

function Detail({ instance }: { instance: Instance }) {
  const { t } = useTranslation()
  const text = useText()
  const { search, set } = useAddress()
  // A change that became dearer is chosen again here.
  const [open, setOpen] = useState(search['choose'])
  const close = () => {
    setOpen(undefined)
    set({ choose: undefined })
  }
  const choices = useChoices(instance).data
  const periods = periodsOf(choices?.present)
  const timeline = useQuery({
    queryKey: ['instance-timeline', instance.id],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}/timeline', { params: { path: { id: instance.id } } })),
  })
  const renewable = ['running', 'frozen'].includes(instance.state) && !!instance.expires_at && !instance.open_order
  const byUse = instance.charging_mode === 'ON_DEMAND'
  const isPackage = instance.charging_mode === 'ON_DEMAND_PKG'
  const why =
    instance.licence?.state === 'not_activated'
      ? t('licence.to_activate')
      : instance.open_order
        ? t('instance.open_order', { number: instance.open_order })
        : !instance.expires_at
          ? t('instance.one_time')
          : t('instance.not_now')
  // What can be opened leads with opening it; what stopped, with going on.
  const leading = instance.state === 'running' && instance.app.front_end_url ? 'open' : 'renew'
  const upgradable = renewable && instance.state === 'running' && !instance.trial
  const dearer = !!choices?.as_upgrade && choices.others.length > 0
  const action = (key: 'renew' | 'upgrade', label: string, on: boolean, not = why) => (
    <Tooltip title={on ? '' : not}>
      <Button type={key === leading ? 'primary' : 'default'} disabled={!on} onClick={() => setOpen(key)}>
        {label}
      </Button>
    </Tooltip>
  )
  return (
    <Page
      title={text(instance.product_name)}
      above={<Link to="/buyer/instances">{t('nav.my_instances')}</Link>}
      purpose={[text(instance.specification_name), text(instance.sku_name)].filter(Boolean).join(' / ')}
      actions={
        <>
          <State of={instance.state} />
          <OpenApplication instance={instance} />
          {byUse ? (
            ['running', 'frozen'].includes(instance.state) && <ReleaseButton instance={instance} />
          ) : (
            <>
              {instance.access_type === 'saas' &&
                !isPackage &&
                action(
                  'upgrade',
                  t('action.upgrade'),
                  upgradable && dearer,
                  upgradable ? t('instance.no_upgrade') : why,
                )}
              {action('renew', t(instance.trial ? 'action.convert' : 'action.renew'), renewable)}
            </>
          )}
        </>
      }
    >
      {open === 'renew' && <RenewModal instance={instance} close={close} />}
      {open === 'upgrade' && <UpgradeModal instance={instance} close={close} />}
      <div className="stack">
        {instance.state === 'frozen' && (
          <Alert
            type="warning"
            showIcon
            title={t(`instance.frozen_${instance.freeze_cause}`)}
            description={
              <>
                {instance.freeze_cause === 'violation' && instance.freeze_reason}{' '}
                {instance.released_at && (
                  <>
                    {t('instance.kept_until')} <Time at={instance.released_at} />
                  </>
                )}
              </>
            }
          />
        )}
        <div className="split">
          <div className="stack">
            {instance.licence && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('licence.title')}</h2>
                <LicencePanel licence={instance.licence} />
              </section>
            )}
            {instance.licence?.code && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('rights.title')}</h2>
                <RightsPanel code={instance.licence.code} role="buyer" />
              </section>
            )}
            {instance.licence?.activated_at && instance.licence.code && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('licence.clients')}</h2>
                <ClientsPanel code={instance.licence.code} />
              </section>
            )}
            {instance.licence_text && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('licence.title')}</h2>
                <LicenceText text={instance.licence_text} />
              </section>
            )}
            {instance.access_type === 'license_online' && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('licence.applications')}</h2>
                <Applications instance={instance} />
              </section>
            )}
            <SignOnPanel instance={instance} />
            {isPackage && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('package.title')}</h2>
                <PackagePanel instance={instance.id} />
              </section>
            )}
            {byUse && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('usage.title')}</h2>
                <UsagePanel instance={instance.id} />
              </section>
            )}
            {byUse && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('cap.title')}</h2>
                <CapPanel instance={instance.id} side="buyer" />
              </section>
            )}
            {instance.terms.length > 0 && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('term.title')}</h2>
                <Terms terms={instance.terms} />
              </section>
            )}
            <section className="panel" style={{ padding: 24 }}>
              <h2>{t('timeline.title')}</h2>
              <Await query={timeline}>{(d) => <FlightRecorder entries={d.entries} />}</Await>
            </section>
          </div>
          <div className="stack">
            {instance.set_up && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('set_up.title')}</h2>
                <SetUp instance={instance} />
              </section>
            )}
            {instance.access_type === 'saas' && !instance.set_up && (
              <section className="panel" style={{ padding: 24 }}>
                <h2>{t('instance.access')}</h2>
                <Access app={instance.app} />
              </section>
            )}
            <section className="panel" style={{ padding: 24 }}>
              <h2>{t('instance.facts')}</h2>
              <Descriptions
                column={1}
                size="small"
                items={[
                  { key: 'i', label: t('field.instance'), children: <Id of={instance.id} /> },
                  { key: 'o', label: t('field.opened_at'), children: <Time at={instance.opened_at} /> },
                  { key: 'e', label: t('field.expires_at'), children: <Time at={instance.expires_at} /> },
                  ...(instance.charging_mode === 'PERIOD' || isPackage
                    ? [
                        {
                          key: 'r',
                          label: t('auto_renewal.title'),
                          children: <AutoRenewal instance={instance} periods={periods} />,
                        },
                      ]
                    : []),
                  {
                    key: 'n',
                    label: t('field.order_number'),
                    children: (
                      <Link
                        to="/buyer/orders/$number"
                        params={{ number: instance.order_number } as never}
                        className="mono"
                      >
                        {instance.order_number}
                      </Link>
                    ),
                  },
                ]}
              />
            </section>
          </div>
        </div>
      </div>
    </Page>
  )
}

/** One purchased service. */
export function InstancePage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery({
    queryKey: ['instance', id],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}', { params: { path: { id } } })),
  })
  return <Await query={query}>{(instance) => <Detail instance={instance} />}</Await>
}
