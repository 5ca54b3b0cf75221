import { Alert, Button } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { useDecision } from '../../kit/decide'
import { Id, moneyText, numberText, Time, useText } from '../../kit/show'

type Hold = Schemas['HoldView']

const decide = ({ id, approve }: { id: string; approve: boolean }) =>
  unwrap(api.POST('/api/v1/usage-holds/{id}/decision', { params: { path: { id } }, body: { approve } }))

const decideAsOperator = ({ id, approve }: { id: string; approve: boolean }) =>
  unwrap(api.POST('/api/v1/operator/usage-holds/{id}/decision', { params: { path: { id } }, body: { approve } }))

/** Yes or no to a charge that waits, each after a question. */
export function Decide({ hold, operator }: { hold: Hold; operator?: boolean }) {
  const { t } = useTranslation()
  const text = useText()
  const { ask } = useDecision()
  const action = useAction(operator ? decideAsOperator : decide, undefined, t('hold.decided'))
  const amount = moneyText(hold.amount)
  const about: [string, ReactNode][] = [
    [t('hold.wallet'), hold.customer_name],
    [t('field.product'), text(hold.product_name)],
    [t('field.instance'), <Id key="i" of={hold.instance} />],
    [t('usage.begin'), <Time key="b" at={hold.begin} />],
    [t('usage.value'), `${numberText(hold.quantity)} ${text(hold.unit)}`],
    [t('hold.at_most'), amount],
    [t('hold.largest_short'), hold.largest ? moneyText(hold.largest) : '–'],
  ]
  const decided = (approve: boolean) => () => action.mutateAsync({ id: hold.id, approve })
  const approve = () =>
    ask(
      {
        title: t('hold.approve_title'),
        about,
        sure: t(operator ? 'hold.approve_for' : 'hold.approve_sure', { amount, customer: hold.customer_name }),
        ok: t('hold.approve'),
      },
      decided(true),
    )
  const refuse = () =>
    ask(
      { title: t('hold.refuse_title'), about, sure: t('hold.refuse_sure'), ok: t('hold.refuse'), danger: true },
      decided(false),
    )
  return (
    <div className="row">
      <Button type="primary" size="small" loading={action.isPending} onClick={approve}>
        {t('hold.approve')}
      </Button>
      <Button danger size="small" loading={action.isPending} onClick={refuse}>
        {t('hold.refuse')}
      </Button>
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
            {t('hold.quantity', { quantity: numberText(hold.quantity), unit })} <Time at={hold.begin} />
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
