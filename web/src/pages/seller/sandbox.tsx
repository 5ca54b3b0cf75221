import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Empty, Form, Input, Select, Table, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { Id, Time, useText } from '../../kit/show'

type Sandbox = Schemas['SandboxView']
type Played = Schemas['SceneView']

const steps = ['1h', '24h', '5d', '33d']

/** Business time, and moving it: everything that falls due on the way happens in order. */
function ClockPanel({ sandbox }: { sandbox: Sandbox }) {
  const { t } = useTranslation()
  const advance = useAction((by: string) => unwrap(api.POST('/api/v1/sandbox/clock/advance', { body: { by } })))
  const ran = advance.data?.ran
  return (
    <section className="panel" style={{ padding: 24 }} aria-busy={advance.isPending}>
      <h2>{t('sandbox.clock')}</h2>
      <p className="muted">{t('sandbox.clock_more')}</p>
      <p style={{ fontSize: 20 }}>
        <Time at={sandbox.now} />
      </p>
      <div className="row">
        {steps.map((by) => (
          <Button
            key={by}
            loading={advance.isPending && advance.variables === by}
            disabled={advance.isPending}
            onClick={() => advance.mutate(by)}
          >
            +{by}
          </Button>
        ))}
        <Entry<{ by: string }, unknown>
          layout="inline"
          name="clock"
          run={({ by }) => advance.mutateAsync(by)}
          send={t('sandbox.advance')}
        >
          <Form.Item
            name="by"
            label={t('sandbox.by')}
            rules={[{ required: true, pattern: /^\d{1,6}[mhd]$/, message: t('code.clock_duration') }]}
          >
            <Input style={{ width: 110 }} placeholder="90m" />
          </Form.Item>
        </Entry>
      </div>
      {ran && (
        <p className="muted" role="status">
          {t('sandbox.ran', { jobs: ran.jobs, calls: ran.calls })}
        </p>
      )}
    </section>
  )
}

/** Faults of the built-in seller's server, product by product. */
function FaultPanel({ sandbox }: { sandbox: Sandbox }) {
  const { t } = useTranslation()
  const text = useText()
  const set = useAction((body: Schemas['FaultBody']) => unwrap(api.POST('/api/v1/sandbox/faults', { body })))
  const products = [
    { value: '*', label: t('sandbox.all_products') },
    ...sandbox.products.map((p) => ({ value: p.key, label: text(p.name) })),
  ]
  const named = (key: string) => products.find((p) => p.value === key)?.label ?? key
  return (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{t('sandbox.faults')}</h2>
      <p className="muted">{t('sandbox.faults_more')}</p>
      <Entry<Schemas['FaultBody'], unknown>
        layout="inline"
        name="fault"
        initial={{ product: '*', fault: 'time_out' }}
        run={(body) => set.mutateAsync(body)}
        send={t('sandbox.set')}
      >
        <Form.Item name="product" label={t('field.product')}>
          <Select style={{ width: 220 }} options={products} />
        </Form.Item>
        <Form.Item name="fault" label={t('sandbox.fault')}>
          <Select
            style={{ width: 220 }}
            showSearch
            options={sandbox.known_faults
              .filter((f) => f !== 'none')
              .map((value) => ({ value, label: t(`fault.${value}`, { defaultValue: value }) }))}
          />
        </Form.Item>
      </Entry>
      {sandbox.faults.length === 0 ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('sandbox.no_faults')} />
      ) : (
        <Table<Schemas['FaultView']>
          style={{ marginTop: 16 }}
          size="small"
          rowKey="product"
          pagination={false}
          dataSource={sandbox.faults}
          scroll={{ x: 'max-content' }}
          columns={[
            { key: 'p', title: t('field.product'), render: (_, f) => named(f.product) },
            {
              key: 'f',
              title: t('sandbox.fault'),
              render: (_, f) => <Tag color="red">{t(`fault.${f.fault}`, { defaultValue: f.fault })}</Tag>,
            },
            {
              key: 'do',
              title: t('field.actions'),
              render: (_, f) => (
                <Button size="small" onClick={() => set.mutate({ product: f.product, fault: 'none' })}>
                  {t('sandbox.mend')}
                </Button>
              ),
            },
          ]}
        />
      )}
    </section>
  )
}

/** Scenes of a product's life, played by the sandbox's buyer and operator so that the seller's server is called. */
function ScenePanel({ sandbox }: { sandbox: Sandbox }) {
  const { t } = useTranslation()
  const text = useText()
  const [product, setProduct] = useState(sandbox.products[0]?.key)
  const [played, setPlayed] = useState<(Played & { product: string })[]>([])
  const play = useAction(
    (scene: string) => unwrap(api.POST('/api/v1/sandbox/scenes', { body: { product: product ?? '', scene } })),
    (p) => setPlayed((before) => [{ ...p, product: product ?? '' }, ...before].slice(0, 20)),
  )
  return (
    <section className="panel" style={{ padding: 24 }} aria-busy={play.isPending}>
      <h2>{t('sandbox.scenes')}</h2>
      <p className="muted">{t('sandbox.scenes_more')}</p>
      <div className="filters">
        <label>
          {t('field.product')}
          <Select
            style={{ width: 280, maxWidth: '100%' }}
            value={product}
            onChange={setProduct}
            options={sandbox.products.map((p) => ({ value: p.key, label: text(p.name) }))}
          />
        </label>
      </div>
      <div className="row">
        {sandbox.scenes.map((scene) => (
          <Button
            key={scene}
            disabled={!product || play.isPending}
            loading={play.isPending && play.variables === scene}
            onClick={() => play.mutate(scene)}
          >
            {t(`scene.${scene}`)}
          </Button>
        ))}
      </div>
      {played.length === 0 ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('sandbox.nothing_played')} />
      ) : (
        <Table<Played & { product: string }>
          style={{ marginTop: 16 }}
          size="small"
          rowKey={(p) => `${p.now} ${p.scene} ${played.indexOf(p)}`}
          pagination={false}
          dataSource={played}
          scroll={{ x: 'max-content' }}
          columns={[
            { key: 's', title: t('sandbox.scene'), render: (_, p) => t(`scene.${p.scene}`) },
            { key: 'p', title: t('field.product'), render: (_, p) => p.product },
            {
              key: 'o',
              title: t('field.order_number'),
              render: (_, p) =>
                p.order_number ? (
                  <Link className="mono" to="/seller/orders/$number" params={{ number: p.order_number } as never}>
                    {p.order_number}
                  </Link>
                ) : (
                  '–'
                ),
            },
            { key: 'i', title: t('field.instance'), render: (_, p) => (p.instance ? <Id of={p.instance} /> : '–') },
            {
              key: 'c',
              title: t('nav.calls'),
              render: (_, p) => (
                <Link to="/seller/calls" search={{ instance: p.instance ?? undefined } as never}>
                  {t('sandbox.calls')}
                </Link>
              ),
            },
            { key: 'n', title: t('field.at'), render: (_, p) => <Time at={p.now} /> },
          ]}
        />
      )}
    </section>
  )
}

/** What only a sandbox has: scenes, faults, and a clock that can be moved. */
export function SandboxPage() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['sandbox'], queryFn: () => unwrap(api.GET('/api/v1/sandbox')) })
  return (
    <Page title={t('nav.sandbox')} purpose={t('sandbox.purpose')}>
      <Await query={query}>
        {(sandbox) => (
          <div className="stack">
            <ScenePanel sandbox={sandbox} />
            <FaultPanel sandbox={sandbox} />
            <ClockPanel sandbox={sandbox} />
          </div>
        )}
      </Await>
    </Page>
  )
}
