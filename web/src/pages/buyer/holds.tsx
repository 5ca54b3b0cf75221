import { Alert, Button, Popconfirm } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { moneyText, Time } from '../../kit/show'

type Hold = Schemas['HoldView']

const decide = ({ id, approve }: { id: string; approve: boolean }) =>
  unwrap(api.POST('/api/v1/usage-holds/{id}/decision', { params: { path: { id } }, body: { approve } }))

const decideAsOperator = ({ id, approve }: { id: string; approve: boolean }) =>
  unwrap(api.POST('/api/v1/operator/usage-holds/{id}/decision', { params: { path: { id } }, body: { approve } }))

/** Yes or no to a charge that waits, each after a question. */
export function Decide({ hold, operator }: { hold: Hold; operator?: boolean }) {
  const { t } = useTranslation()
  const action = useAction(operator ? decideAsOperator : decide, undefined, t('hold.decided'))
  const amount = moneyText(hold.amount)
  return (
    <div className="row">
      <Popconfirm
        title={t('hold.approve_sure', { amount })}
        onConfirm={() => action.mutate({ id: hold.id, approve: true })}
      >
        <Button type="primary" size="small" loading={action.isPending}>
          {t('hold.approve')}
        </Button>
      </Popconfirm>
      <Popconfirm
        title={t('hold.refuse_sure', { amount })}
        onConfirm={() => action.mutate({ id: hold.id, approve: false })}
      >
        <Button danger size="small" loading={action.isPending}>
          {t('hold.refuse')}
        </Button>
      </Popconfirm>
    </div>
  )
}

/** So many are shown before the others are asked for. */
const FIRST = 3

/** Charges far above those before: what they are made of, and the buyer's yes or no. */
export function Holds({ holds, unit }: { holds: Hold[]; unit: string }) {
  const { t } = useTranslation()
  const [all, setAll] = useState(false)
  const shown = all ? holds : holds.slice(0, FIRST)
  return (
    <>
      {shown.map((hold) => (
        <Held key={hold.id} hold={hold} unit={unit} />
      ))}
      {holds.length > shown.length && (
        <Button onClick={() => setAll(true)}>{t('hold.show_all', { count: holds.length })}</Button>
      )}
    </>
  )
}

function Held({ hold, unit }: { hold: Hold; unit: string }) {
  const { t } = useTranslation()
  return (
    <Alert
      type="warning"
      showIcon
      title={t('hold.title', { amount: moneyText(hold.amount) })}
      description={
        <div className="stack">
          <div>
            {t('hold.quantity', { quantity: hold.quantity, unit })} <Time at={hold.begin} />
          </div>
          <div>{hold.largest ? t('hold.largest', { amount: moneyText(hold.largest) }) : t('hold.no_largest')}</div>
          <div>
            {t('hold.until')} <Time at={hold.until} />
          </div>
          <Decide hold={hold} />
        </div>
      }
    />
  )
}
