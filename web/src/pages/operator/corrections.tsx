import { Link } from '@tanstack/react-router'
import { Button, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { useDecision } from '../../kit/decide'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { MoneyShown, moneyText, State, Time } from '../../kit/show'

type Correction = Schemas['CorrectionView']

/** What a correction moves, in words: an order, or two accounts of the ledger. */
function useMoves() {
  const { t } = useTranslation()
  const place = (p?: Schemas['LedgerPlace'] | null) =>
    p ? [t(`ledger.${p.account}`), p.owner].filter(Boolean).join(' ') : ''
  return (x: Correction) => (x.kind === 'refund' ? (x.order_number ?? '') : `${place(x.from)} → ${place(x.to)}`)
}

/** Refunds by the operator and postings that mend the books; another person than asked confirms them. */
export function Corrections() {
  const { t } = useTranslation()
  const { ask, askWhy } = useDecision()
  const moves = useMoves()
  const to = (x: Correction) => ({ path: { id: x.id } })
  const confirm = useAction((x: Correction) =>
    unwrap(api.POST('/api/v1/operator/corrections/{id}/confirm', { params: to(x) })),
  )
  const refuse = useAction(({ of, reason }: { of: Correction; reason: string }) =>
    unwrap(api.POST('/api/v1/operator/corrections/{id}/refuse', { params: to(of), body: { reason } })),
  )
  const about = (x: Correction): [string, string][] => [
    [t('field.kind'), t(`corrections.${x.kind}`)],
    [t('corrections.moves'), moves(x)],
    [t('field.amount'), moneyText(x.amount)],
    [t('corrections.asked_by'), x.asked_by],
    [t('review.reason'), x.reason],
  ]
  const states = ['waiting', 'done', 'refused'].map((value) => ({ value, label: t(`corrections.${value}`) }))
  return (
    <Page title={t('nav.corrections')} purpose={t('corrections.purpose')}>
      <List<Correction>
        name="corrections"
        rowKey={(x) => x.id}
        empty={t('corrections.empty')}
        fetch={async ({ state }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/operator/corrections', { params: { query: { state, ...paging } } }),
          )
          return { rows: data.corrections, next: data.next }
        }}
        filters={[{ name: 'state', label: t('field.state'), options: states }]}
        columns={[
          { key: 'kind', title: t('field.kind'), value: (x) => t(`corrections.${x.kind}`) },
          {
            key: 'moves',
            title: t('corrections.moves'),
            value: moves,
            render: (x) =>
              x.order_number ? (
                <Link to={'/operator/orders/$number' as never} params={{ number: x.order_number } as never}>
                  {x.order_number}
                </Link>
              ) : (
                moves(x)
              ),
          },
          {
            key: 'amount',
            title: t('field.amount'),
            align: 'right',
            value: (x) => x.amount.amount,
            render: (x) => <MoneyShown of={x.amount} strong />,
          },
          { key: 'reason', title: t('review.reason'), value: (x) => x.reason },
          {
            key: 'state',
            title: t('field.state'),
            value: (x) => t(`corrections.${x.state}`),
            render: (x) => (
              <>
                <State of={x.state} /> {x.alone && <Tag color="gold">{t('corrections.alone')}</Tag>} {x.note}
              </>
            ),
          },
          { key: 'by', title: t('corrections.asked_by'), value: (x) => x.asked_by },
          { key: 'decided', title: t('corrections.decided_by'), value: (x) => x.decided_by ?? '–' },
          {
            key: 'at',
            title: t('field.created_at'),
            sort: 'created',
            value: (x) => x.asked_at,
            render: (x) => <Time at={x.asked_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (x) =>
              x.state === 'waiting' && (
                <div className="row">
                  <Button
                    type="primary"
                    size="small"
                    disabled={x.own}
                    title={x.own ? t('corrections.own') : undefined}
                    onClick={() =>
                      ask(
                        { title: t('corrections.confirm_title'), about: about(x), ok: t('corrections.confirm') },
                        () => confirm.mutateAsync(x),
                      )
                    }
                  >
                    {t('corrections.confirm')}
                  </Button>
                  <Button
                    danger
                    size="small"
                    onClick={() =>
                      askWhy(
                        {
                          title: t('corrections.refuse_title'),
                          about: about(x),
                          ok: t('corrections.refuse'),
                          danger: true,
                        },
                        (reason) => refuse.mutateAsync({ of: x, reason }),
                      )
                    }
                  >
                    {t('corrections.refuse')}
                  </Button>
                </div>
              ),
          },
        ]}
      />
    </Page>
  )
}
