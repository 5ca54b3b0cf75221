import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { onVersion, useDecision } from '../../kit/decide'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { MoneyShown, moneyText, State, Time } from '../../kit/show'

type Transfer = Schemas['TransferView']

/** Bank transfers, confirmed when the money is there. */
export function Transfers() {
  const { t } = useTranslation()
  const { ask, askWhy } = useDecision()
  const to = (x: Transfer) => ({ path: { id: x.id }, header: onVersion(x) })
  const confirm = useAction((x: Transfer) =>
    unwrap(api.POST('/api/v1/operator/transfers/{id}/confirm', { params: to(x) })),
  )
  const refuse = useAction(({ of, reason }: { of: Transfer; reason: string }) =>
    unwrap(api.POST('/api/v1/operator/transfers/{id}/refuse', { params: to(of), body: { reason } })),
  )
  const about = (x: Transfer): [string, string][] => [
    [t('field.customer'), x.account_name],
    [t('field.amount'), moneyText(x.amount)],
    [t('wallet.reference'), x.reference],
  ]
  return (
    <Page title={t('nav.transfers')} purpose={t('transfers.purpose')}>
      <List<Transfer>
        name="all-transfers"
        rowKey={(x) => x.id}
        empty={t('transfers.empty')}
        fetch={async ({ state }, paging) => {
          const data = await unwrap(api.GET('/api/v1/operator/transfers', { params: { query: { state, ...paging } } }))
          return { rows: data.transfers, next: data.next }
        }}
        filters={[
          {
            name: 'state',
            label: t('field.state'),
            options: ['pending', 'confirmed', 'refused'].map((value) => ({ value, label: t(`state.${value}`) })),
          },
        ]}
        columns={[
          { key: 'account', title: t('field.customer'), value: (x) => x.account_name },
          { key: 'ref', title: t('wallet.reference'), value: (x) => x.reference },
          {
            key: 'amount',
            title: t('field.amount'),
            align: 'right',
            value: (x) => x.amount.amount,
            render: (x) => <MoneyShown of={x.amount} />,
          },
          {
            key: 'state',
            title: t('field.state'),
            value: (x) => t(`state.${x.state}`),
            render: (x) => (
              <>
                <State of={x.state} /> {x.reason}
              </>
            ),
          },
          {
            key: 'at',
            title: t('field.created_at'),
            sort: 'created',
            value: (x) => x.created_at,
            render: (x) => <Time at={x.created_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (x) =>
              x.state === 'pending' && (
                <div className="row">
                  <Button
                    type="primary"
                    size="small"
                    onClick={() =>
                      ask(
                        {
                          title: t('transfers.confirm_title'),
                          about: about(x),
                          sure: t('transfers.confirm_sure'),
                          ok: t('transfers.confirm'),
                        },
                        () => confirm.mutateAsync(x),
                      )
                    }
                  >
                    {t('transfers.confirm')}
                  </Button>
                  <Button
                    danger
                    size="small"
                    onClick={() =>
                      askWhy(
                        {
                          title: t('transfers.refuse_title'),
                          about: about(x),
                          ok: t('transfers.refuse'),
                          danger: true,
                        },
                        (reason) => refuse.mutateAsync({ of: x, reason }),
                      )
                    }
                  >
                    {t('transfers.refuse')}
                  </Button>
                </div>
              ),
          },
        ]}
      />
    </Page>
  )
}
