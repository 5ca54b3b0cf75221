import { Button, Form, Input, InputNumber, Select, Space, Switch, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { useText } from '../../kit/show'
import { Both } from '../seller/both'

type Rules = Schemas['LicenceRulesBody']

const takeOvers = ['own', 'idle', 'oldest']
const matches = ['most', 'exact']

/** Rules of a specification that is sold by authorisation code: what its software unlocks, on how many seats and machines. */
export function RulesFields({ at }: { at: number }) {
  const { t } = useTranslation()
  const form = Form.useFormInstance()
  const path = ['specifications', at, 'licence']
  const rules = Form.useWatch(path, form) as Rules | null | undefined
  if (!rules) {
    const usual: Rules = {
      features: [],
      seats: null,
      lease_minutes: 30,
      take_over: 'own',
      nodes: null,
      node_match: 'most',
      node_releases: 3,
      grace_days: 0,
      files: false,
      file_days: null,
    }
    return (
      <>
        <h2 style={{ marginTop: 16 }}>{t('licence_rules.title')}</h2>
        <p className="muted">{t('licence_rules.none')}</p>
        {/* The field keeps its place in the form while there are no rules. */}
        <Form.Item name={[at, 'licence']} hidden>
          <Input />
        </Form.Item>
        <div style={{ marginBottom: 16 }}>
          <Button onClick={() => form.setFieldValue(path, usual)}>{t('licence_rules.set')}</Button>
        </div>
      </>
    )
  }
  const number = (name: keyof Rules, min: number, max: number, hint?: string) => (
    <Form.Item name={[at, 'licence', name]} label={t(`licence_rules.${name}`)} extra={hint && t(hint)}>
      <InputNumber min={min} max={max} precision={0} />
    </Form.Item>
  )
  return (
    <>
      <h2 style={{ marginTop: 16 }}>{t('licence_rules.title')}</h2>
      <Form.List name={[at, 'licence', 'features']}>
        {(items, { add, remove }) => (
          <>
            {items.map((item) => (
              <div key={item.key} className="removable">
                <div style={{ flex: 1 }}>
                  <Space wrap align="baseline">
                    <Form.Item name={[item.name, 'code']} label={t('licence_rules.feature')}>
                      <Input className="mono" />
                    </Form.Item>
                    <Form.Item
                      name={[item.name, 'value']}
                      label={t('spec.value')}
                      tooltip={t('licence_rules.value_hint')}
                    >
                      <Input maxLength={200} />
                    </Form.Item>
                  </Space>
                  <Both name={[item.name, 'name']} label={t('field.name')} />
                </div>
                <Button onClick={() => remove(item.name)}>{t('action.remove')}</Button>
              </div>
            ))}
            <div style={{ marginBottom: 16 }}>
              <Button
                disabled={items.length >= 50}
                onClick={() => add({ code: '', name: { zh: '', en: '' }, value: 'true' })}
              >
                {t('licence_rules.add_feature')}
              </Button>
            </div>
          </>
        )}
      </Form.List>
      <Space wrap align="start">
        {number('seats', 1, 10_000, 'licence_rules.seats_hint')}
        {number('lease_minutes', 1, 10_080)}
        <Form.Item name={[at, 'licence', 'take_over']} label={t('licence_rules.take_over')}>
          <Select
            style={{ width: 260 }}
            options={takeOvers.map((value) => ({ value, label: t(`licence_rules.take_over_${value}`) }))}
          />
        </Form.Item>
      </Space>
      <Space wrap align="start">
        {number('nodes', 1, 10_000, 'licence_rules.nodes_hint')}
        {number('node_releases', 0, 1_000)}
        <Form.Item name={[at, 'licence', 'node_match']} label={t('licence_rules.node_match')}>
          <Select
            style={{ width: 260 }}
            options={matches.map((value) => ({ value, label: t(`licence_rules.node_match_${value}`) }))}
          />
        </Form.Item>
      </Space>
      <Space wrap align="start">
        {number('grace_days', 0, 15)}
        <Form.Item name={[at, 'licence', 'files']} label={t('licence_rules.files')} valuePropName="checked">
          <Switch />
        </Form.Item>
        {number('file_days', 1, 3_660, 'licence_rules.file_days_hint')}
      </Space>
      <div style={{ marginBottom: 16 }}>
        <Button onClick={() => form.setFieldValue(path, null)}>{t('licence_rules.remove')}</Button>
      </div>
    </>
  )
}

/** What a licence allows, in words. */
export function RulesText({ rules, quantity = 1 }: { rules: Rules; quantity?: number }) {
  const { t } = useTranslation()
  const text = useText()
  const said = [
    rules.seats ? t('licence_rules.says_seats', { n: rules.seats * quantity }) : t('licence_rules.says_any_seats'),
    rules.nodes ? t('licence_rules.says_nodes', { n: rules.nodes * quantity }) : t('licence_rules.says_any_nodes'),
    ...(rules.grace_days ? [t('licence_rules.says_grace', { n: rules.grace_days })] : []),
    ...(rules.files ? [t('licence_rules.says_files')] : []),
  ]
  return (
    <>
      <p className="muted">{said.join(t('licence_rules.joined'))}</p>
      <div style={{ marginBottom: 16 }}>
        {(rules.features ?? []).map((f) => (
          <Tag key={f.code}>
            {text(f.name)}
            {f.value === 'true' ? '' : f.value === 'false' ? ` · ${t('licence_rules.off')}` : ` · ${f.value}`}
          </Tag>
        ))}
      </div>
    </>
  )
}
