import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { onVersion, useDecision } from '../../kit/decide'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { Id, State, Time, useText } from '../../kit/show'

type Instance = Schemas['InstanceView']

/** All instances: freeze for a violation, and lift it. */
export function OperatorInstances() {
  const { t } = useTranslation()
  const text = useText()
  const { ask, askWhy } = useDecision()
  const to = (i: Instance) => ({ path: { id: i.id }, header: onVersion(i) })
  const freeze = useAction(({ of, reason }: { of: Instance; reason: string }) =>
    unwrap(api.POST('/api/v1/operator/instances/{id}/freeze', { params: to(of), body: { reason } })),
  )
  const unfreeze = useAction((i: Instance) =>
    unwrap(api.POST('/api/v1/operator/instances/{id}/unfreeze', { params: to(i) })),
  )
  const about = (i: Instance): [string, string][] => [
    [t('field.instance'), i.id],
    [t('field.product'), text(i.product_name)],
    [t('field.customer'), i.customer_name],
  ]
  return (
    <Page title={t('nav.all_instances')} purpose={t('instances.purpose_operator')}>
      <List<Instance>
        name="all-instances"
        rowKey={(i) => i.id}
        empty={t('orders.empty')}
        fetch={async ({ state, sort }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/instances', { params: { query: { as: 'operator', state, sort, ...paging } } }),
          )
          return { rows: data.instances, next: data.next }
        }}
        filters={[
          {
            name: 'state',
            label: t('field.state'),
            options: ['opening', 'running', 'frozen', 'released', 'failed'].map((value) => ({
              value,
              label: t(`state.${value}`),
            })),
          },
        ]}
        columns={[
          { key: 'id', title: t('field.instance'), value: (i) => i.id, render: (i) => <Id of={i.id} /> },
          { key: 'product', title: t('field.product'), value: (i) => text(i.product_name) },
          { key: 'customer', title: t('field.customer'), value: (i) => i.customer_name },
          {
            key: 'state',
            title: t('field.state'),
            value: (i) => t(`state.${i.state}`),
            render: (i) => (
              <>
                <State of={i.state} /> {text(i.freeze_reason_text ?? undefined)}
              </>
            ),
          },
          {
            key: 'ends',
            title: t('field.expires_at'),
            sort: 'expires',
            value: (i) => i.expires_at,
            render: (i) => <Time at={i.expires_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (i) =>
              i.state === 'running' ? (
                <Button
                  danger
                  size="small"
                  onClick={() =>
                    askWhy(
                      { title: t('instance.freeze'), about: about(i), ok: t('instance.freeze'), danger: true },
                      (reason) => freeze.mutateAsync({ of: i, reason }),
                    )
                  }
                >
                  {t('instance.freeze')}
                </Button>
              ) : (
                i.freeze_cause === 'violation' && (
                  <Button
                    size="small"
                    onClick={() =>
                      ask({ title: t('instance.unfreeze'), about: about(i), ok: t('instance.unfreeze') }, () =>
                        unfreeze.mutateAsync(i),
                      )
                    }
                  >
                    {t('instance.unfreeze')}
                  </Button>
                )
              ),
          },
        ]}
      />
    </Page>
  )
}
